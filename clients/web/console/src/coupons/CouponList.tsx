import { BooleanField, DataTable, TextInput, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { amountText } from "../ui/money";
import { TimeField } from "../ui/time";
import type { CouponRecord } from "./calls";

const FILTERS = [<TextInput key="code" source="code" alwaysOn resettable />];

export default function CouponList() {
  const translate = useTranslate();
  const limited = ({ usageCount, usageLimit }: CouponRecord) =>
    usageLimit === 0 ? usageCount : translate("resources.coupons.usedOf", { count: usageCount, limit: usageLimit });
  return (
    <ListPage filters={FILTERS}>
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col source="code" disableSort />
        <DataTable.Col source="discount" disableSort render={discountText} />
        <DataTable.Col source="validUntil" disableSort>
          <TimeField source="validUntil" emptyText={translate("console.list.always")} />
        </DataTable.Col>
        <DataTable.Col source="usageCount" disableSort align="right" render={limited} />
        <DataTable.Col source="active" disableSort field={BooleanField} />
      </DataTable>
    </ListPage>
  );
}

function discountText({ kind, percent, amount }: CouponRecord): string {
  return kind === "amount" ? amountText(amount) : `${(percent ?? 0).toLocaleString()} %`;
}
