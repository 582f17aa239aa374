import { BooleanField, DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import type { RoleRecord } from "./calls";
import { permissions as all } from "./permissions";

export default function RoleList() {
  const translate = useTranslate();
  const count = ({ permissions }: RoleRecord) => translate("resources.roles.count", { count: permissions.length, of: all.length });
  return (
    <ListPage>
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col source="name" disableSort />
        <DataTable.Col source="description" disableSort />
        <DataTable.Col source="permissions" disableSort render={count} />
        <DataTable.Col source="builtIn" disableSort field={BooleanField} />
      </DataTable>
    </ListPage>
  );
}
