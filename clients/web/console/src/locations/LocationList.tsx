import { BooleanField, DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import type { LocationRecord } from "./calls";

export default function LocationList() {
  const translate = useTranslate();
  return (
    <ListPage>
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col source="name" disableSort />
        <DataTable.Col source="kind" disableSort render={({ kind }: LocationRecord) => translate(`resources.locations.kinds.${kind}`)} />
        <DataTable.Col source="city" disableSort sx={{ display: { xs: "none", sm: "table-cell" } }} />
        <DataTable.NumberCol source="priority" disableSort sx={{ display: { xs: "none", sm: "table-cell" } }} />
        <DataTable.Col source="active" disableSort field={BooleanField} />
      </DataTable>
    </ListPage>
  );
}
