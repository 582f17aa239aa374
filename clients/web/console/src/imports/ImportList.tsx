import { DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { TimeField } from "../ui/time";
import { StateChip } from "./StateChip";
import type { ImportRecord } from "./calls";

export default function ImportList() {
  const translate = useTranslate();
  return (
    <ListPage>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="createTime" disableSort>
          <TimeField source="createTime" />
        </DataTable.Col>
        <DataTable.Col source="state" disableSort render={({ state }: ImportRecord) => <StateChip state={state} />} />
        <DataTable.Col source="dryRun" disableSort label="resources.imports.trial" render={({ dryRun }: ImportRecord) => (dryRun ? translate("ra.boolean.true") : "")} />
        <DataTable.NumberCol source="rowCount" disableSort />
        <DataTable.NumberCol source="createdCount" disableSort />
        <DataTable.NumberCol source="updatedCount" disableSort />
        <DataTable.NumberCol source="refusedCount" disableSort />
      </DataTable>
    </ListPage>
  );
}
