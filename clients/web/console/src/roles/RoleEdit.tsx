import { EditPage } from "../ui/RecordPages";
import { RoleForm } from "./RoleForm";

export default function RoleEdit() {
  return (
    <EditPage>
      <RoleForm />
    </EditPage>
  );
}
