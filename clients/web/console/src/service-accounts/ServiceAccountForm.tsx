import { BooleanInput, TextArrayInput, TextInput, required } from "react-admin";
import { RecordForm } from "../ui/RecordForm";
import { RoleInput } from "../ui/role";

const T = "resources.service-accounts";

export function ServiceAccountForm({ isNew = false }: { isNew?: boolean }) {
  return (
    <RecordForm defaultValues={isNew ? { active: true } : {}}>
      <TextInput source="name" validate={required()} />
      <TextInput source="description" multiline />
      <RoleInput source="role" isRequired own helperText={`${T}.roleHint`} />
      <TextArrayInput source="networks" helperText={`${T}.networksHint`} />
      <BooleanInput source="active" />
    </RecordForm>
  );
}
