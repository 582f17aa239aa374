import { BooleanField, DataTable, TopToolbar, useTranslate } from "react-admin";
import { EmptyList } from "../ui/EmptyList";
import { ListPage } from "../ui/RecordPages";
import { amountText } from "../ui/money";
import { TimeField } from "../ui/time";
import { CheckButton } from "./CheckButton";
import { IssueButton } from "./IssueButton";
import type { GiftCardRecord } from "./calls";

export default function GiftCardList() {
  const translate = useTranslate();
  return (
    <ListPage actions={<Actions />} empty={<Empty />}>
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col source="lastFour" disableSort render={({ lastFour }: GiftCardRecord) => `…${lastFour}`} />
        <DataTable.Col source="balance" disableSort align="right" render={({ balance }: GiftCardRecord) => amountText(balance)} />
        <DataTable.Col source="expireTime" disableSort>
          <TimeField source="expireTime" emptyText={translate("console.list.always")} />
        </DataTable.Col>
        <DataTable.Col source="createTime" disableSort sx={{ display: { xs: "none", sm: "table-cell" } }}>
          <TimeField source="createTime" />
        </DataTable.Col>
        <DataTable.Col source="active" disableSort field={BooleanField} />
      </DataTable>
    </ListPage>
  );
}

function Actions() {
  return (
    <TopToolbar>
      <CheckButton />
      <IssueButton />
    </TopToolbar>
  );
}

function Empty() {
  return (
    <div style={{ width: "100%", textAlign: "center" }}>
      <EmptyList />
      <IssueButton />
    </div>
  );
}
