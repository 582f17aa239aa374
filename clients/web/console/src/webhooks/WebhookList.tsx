import { DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { DayField } from "../ui/time";
import { eventText } from "./WebhookForm";
import { WebhookState } from "./WebhookState";
import type { WebhookRecord } from "./calls";

export default function WebhookList() {
  const translate = useTranslate();
  const events = ({ eventTypes }: WebhookRecord) =>
    eventTypes.map((event) => eventText(event, translate)).join(", ") || translate("resources.webhooks.allEvents");
  return (
    <ListPage>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="url" disableSort />
        <DataTable.Col source="eventTypes" disableSort render={events} />
        <DataTable.Col source="state" disableSort render={(webhook: WebhookRecord) => <WebhookState webhook={webhook} />} />
        <DataTable.Col source="createTime" disableSort>
          <DayField source="createTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}
