import { DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { TimeField } from "../ui/time";
import type { SegmentRecord } from "./calls";

export default function SegmentList() {
  const translate = useTranslate();
  return (
    <ListPage>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="name" disableSort />
        <DataTable.Col source="description" disableSort />
        <DataTable.Col source="kind" disableSort render={({ kind }: SegmentRecord) => translate(`resources.segments.kinds.${kind}`)} />
        <DataTable.NumberCol source="memberCount" disableSort />
        <DataTable.Col source="updateTime" disableSort>
          <TimeField source="updateTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}
