import Alert from "@mui/material/Alert";
import { DeleteButton, SaveButton, TextInput, Toolbar, required, useRecordContext, useTranslate } from "react-admin";
import { RecordForm } from "../ui/RecordForm";
import { PermissionsInput } from "./PermissionsInput";
import type { RoleRecord } from "./calls";

export function RoleForm({ isNew = false }: { isNew?: boolean }) {
  const translate = useTranslate();
  const builtIn = useRecordContext<RoleRecord>()?.builtIn === true;
  return (
    <RecordForm toolbar={builtIn ? false : isNew ? undefined : <Buttons />}>
      {builtIn && <Alert severity="info">{translate("resources.roles.builtInHint")}</Alert>}
      <TextInput source="name" validate={required()} readOnly={!isNew} helperText={isNew && "resources.roles.nameHint"} parse={(name: string) => name.toUpperCase()} />
      <TextInput source="description" multiline readOnly={builtIn} />
      <PermissionsInput source="permissions" readOnly={builtIn} />
    </RecordForm>
  );
}

function Buttons() {
  return (
    <Toolbar sx={{ justifyContent: "space-between" }}>
      <SaveButton />
      <DeleteButton mutationMode="pessimistic" />
    </Toolbar>
  );
}
