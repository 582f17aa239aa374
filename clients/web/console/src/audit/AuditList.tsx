import { BooleanInput, DataTable, DateTimeInput, SelectInput, TextInput, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { StatusChip } from "../ui/StatusChip";
import { CustomerInput, CustomerLink } from "../ui/customer";
import { TimeField } from "../ui/time";
import { AuditDetails } from "./AuditDetails";
import type { AuditRecord } from "./calls";
import { en } from "./messages";

const T = "resources.audit";

const EVENTS = Object.keys(en.events)
  .filter((id) => id !== "SECURITY_EVENT_UNSPECIFIED")
  .map((id) => ({ id, name: `${T}.events.${id}` }));

const FILTERS = [
  <TextInput key="action" source="action" alwaysOn resettable placeholder="RefundOrder" />,
  <TextInput key="object" source="object" alwaysOn resettable placeholder="order/123" />,
  <BooleanInput key="securityEvents" source="securityEvents" />,
  <SelectInput key="event" source="event" choices={EVENTS} sx={{ minWidth: "14rem" }} />,
  <CustomerInput key="actorId" source="actorId" />,
  <TextInput key="address" source="address" resettable />,
  <DateTimeInput key="startTime" source="startTime" />,
  <DateTimeInput key="endTime" source="endTime" />,
];

export default function AuditList() {
  return (
    <ListPage filters={FILTERS}>
      <DataTable rowClick="expand" expand={<AuditDetails />} bulkActionButtons={false}>
        <DataTable.Col source="time" disableSort>
          <TimeField source="time" />
        </DataTable.Col>
        <DataTable.Col source="actorId" disableSort render={(entry: AuditRecord) => <Actor entry={entry} />} />
        <DataTable.Col source="action" disableSort />
        <DataTable.Col source="object" disableSort />
        <DataTable.Col source="event" disableSort render={(entry: AuditRecord) => <Event entry={entry} />} />
        <DataTable.Col source="address" disableSort />
      </DataTable>
    </ListPage>
  );
}

function Actor({ entry: { actorId, isServiceAccount } }: { entry: AuditRecord }) {
  const translate = useTranslate();
  if (actorId === "") return <>{translate(`${T}.nobody`)}</>;
  return isServiceAccount ? <>{translate(`${T}.service`, { id: actorId })}</> : <CustomerLink id={actorId} text={`${T}.account`} />;
}

function Event({ entry: { event, occurrences } }: { entry: AuditRecord }) {
  const translate = useTranslate();
  if (event === "SECURITY_EVENT_UNSPECIFIED") return null;
  return (
    <>
      <StatusChip text={`${T}.events.${event}`} color="warning" /> {occurrences > 1 && translate(`${T}.times`, { count: occurrences })}
    </>
  );
}
