import { EditPage } from "../ui/RecordPages";
import { Keys } from "./Keys";
import { ServiceAccountForm } from "./ServiceAccountForm";

export default function ServiceAccountEdit() {
  return (
    <EditPage component="div">
      <Keys />
      <ServiceAccountForm />
    </EditPage>
  );
}
