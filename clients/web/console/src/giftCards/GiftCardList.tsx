import { useState } from "react";
import { BooleanField, DataTable, TopToolbar, useTranslate } from "react-admin";
import { EmptyList } from "../ui/EmptyList";
import { ListPage } from "../ui/RecordPages";
import { amountText } from "../ui/money";
import { TimeField } from "../ui/time";
import { CheckButton } from "./CheckButton";
import { CodeDialog } from "./CodeDialog";
import { IssueButton, type Issuing } from "./IssueButton";
import type { GiftCardRecord } from "./calls";

/** The code of a new card stands beside the list, which is drawn anew with it. */
export default function GiftCardList() {
  const [code, setCode] = useState("");
  return (
    <>
      <Cards onIssued={setCode} />
      {code !== "" && <CodeDialog code={code} onClose={() => setCode("")} />}
    </>
  );
}

function Cards({ onIssued }: Issuing) {
  const translate = useTranslate();
  return (
    <ListPage actions={<Actions onIssued={onIssued} />} empty={<Empty onIssued={onIssued} />}>
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

function Actions({ onIssued }: Issuing) {
  return (
    <TopToolbar>
      <CheckButton />
      <IssueButton onIssued={onIssued} />
    </TopToolbar>
  );
}

function Empty({ onIssued }: Issuing) {
  return (
    <div style={{ width: "100%", textAlign: "center" }}>
      <EmptyList />
      <IssueButton onIssued={onIssued} />
    </div>
  );
}
