import { DataTable, DateInput, FilterButton, SelectInput, TextInput, TopToolbar, useCanAccess } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { CustomerInput, NamedCustomer } from "../ui/customer";
import { amountText } from "../ui/money";
import { TimeField } from "../ui/time";
import { OrderStatus } from "./OrderStatus";
import { ExportOrders } from "./ExportOrders";
import { en } from "./messages";
import type { OrderRecord } from "./record";

const STATUSES = Object.keys(en.statuses)
  .filter((id) => id !== "STATUS_UNSPECIFIED")
  .map((id) => ({ id, name: `resources.orders.statuses.${id}` }));

const FILTERS = [
  <TextInput key="number" source="number" alwaysOn resettable />,
  <SelectInput key="status" source="status" choices={STATUSES} alwaysOn />,
  <CustomerInput key="userId" source="userId" />,
  <DateInput key="from" source="from" parse={(day: string) => day} />,
  <DateInput key="until" source="until" parse={(day: string) => day} />,
];

export default function OrderList() {
  return (
    <ListPage filters={FILTERS} actions={<Actions />}>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="number" disableSort />
        <DataTable.Col source="userId" disableSort render={({ userId }: OrderRecord) => <NamedCustomer id={userId} />} />
        <DataTable.Col source="status" disableSort render={({ status }: OrderRecord) => <OrderStatus status={status} />} />
        <DataTable.NumberCol source="itemCount" disableSort />
        <DataTable.Col align="right" source="total" disableSort render={({ total }: OrderRecord) => amountText(total)} />
        <DataTable.Col source="createTime" disableSort>
          <TimeField source="createTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}

function Actions() {
  const { canAccess } = useCanAccess({ resource: "orders", action: "export" });
  return (
    <TopToolbar>
      <FilterButton />
      {canAccess && <ExportOrders />}
    </TopToolbar>
  );
}
