import { DataTable, NumberInput, type RaRecord, TopToolbar } from "react-admin";
import { EmptyAnswer } from "../ui/EmptyAnswer";
import { ListPage } from "../ui/RecordPages";

const FILTERS = [<NumberInput key="threshold" source="threshold" min={1} step={1} alwaysOn />];

/** A row leads to the product's stock. */
const open = (_id: unknown, _resource: unknown, record: RaRecord) => `/products/${String(record["productId"])}?tab=stock`;

export default function LowStockList() {
  return (
    <ListPage filters={FILTERS} actions={<TopToolbar />} empty={false}>
      <DataTable rowClick={open} bulkActionButtons={false} empty={<EmptyAnswer />}>
        <DataTable.Col source="name" disableSort />
        <DataTable.Col source="sku" disableSort />
        <DataTable.NumberCol source="available" disableSort />
      </DataTable>
    </ListPage>
  );
}
