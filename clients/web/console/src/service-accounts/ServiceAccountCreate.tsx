import { CreatePage } from "../ui/RecordPages";
import { ServiceAccountForm } from "./ServiceAccountForm";

export default function ServiceAccountCreate() {
  return (
    <CreatePage redirect="edit">
      <ServiceAccountForm isNew />
    </CreatePage>
  );
}
