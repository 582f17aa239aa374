import { EditPage } from "../ui/RecordPages";
import { WebhookForm } from "./WebhookForm";

export default function WebhookEdit() {
  return (
    <EditPage redirect="show">
      <WebhookForm />
    </EditPage>
  );
}
