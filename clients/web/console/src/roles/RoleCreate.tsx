import { CreatePage } from "../ui/RecordPages";
import { RoleForm } from "./RoleForm";

export default function RoleCreate() {
  return (
    <CreatePage>
      <RoleForm isNew />
    </CreatePage>
  );
}
