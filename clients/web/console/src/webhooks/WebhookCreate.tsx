import { CreatePage } from "../ui/RecordPages";
import { WebhookForm } from "./WebhookForm";

export default function WebhookCreate() {
  return (
    <CreatePage redirect="show">
      <WebhookForm isNew />
    </CreatePage>
  );
}
