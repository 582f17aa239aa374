import { DataTable, ReferenceField, SelectInput } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { TimeField } from "../ui/time";
import { ReturnStatus } from "./ReturnStatus";
import type { ReturnRecord } from "./calls";
import { en } from "./messages";

const STATUSES = Object.keys(en.statuses)
  .filter((id) => id !== "STATUS_UNSPECIFIED")
  .map((id) => ({ id, name: `resources.returns.statuses.${id}` }));

const FILTERS = [<SelectInput key="status" source="status" choices={STATUSES} alwaysOn />];

/** The queue: what waits for a decision is shown first. */
export default function ReturnList() {
  return (
    <ListPage filters={FILTERS} filterDefaultValues={{ status: "REQUESTED" }} empty={false}>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="orderId" disableSort>
          <ReferenceField source="orderId" reference="orders" link="show" />
        </DataTable.Col>
        <DataTable.Col source="status" disableSort render={({ status }: ReturnRecord) => <ReturnStatus status={status} />} />
        <DataTable.Col align="right" source="units" disableSort render={({ units }: ReturnRecord) => units.reduce((sum, { quantity }) => sum + quantity, 0)} />
        <DataTable.Col source="reason" disableSort />
        <DataTable.Col source="createTime" disableSort>
          <TimeField source="createTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}
