import { DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { TimeField } from "../ui/time";
import type { SynonymRecord } from "./calls";

export default function SynonymList() {
  const translate = useTranslate();
  return (
    <ListPage>
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col
          source="input"
          disableSort
          render={({ input }: SynonymRecord) => input || translate("resources.synonyms.equal")}
        />
        <DataTable.Col source="terms" disableSort render={({ terms }: SynonymRecord) => terms.join(", ")} />
        <DataTable.Col source="updateTime" disableSort>
          <TimeField source="updateTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}
