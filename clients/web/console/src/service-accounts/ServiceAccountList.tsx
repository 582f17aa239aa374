import { BooleanField, DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { momentText } from "../ui/time";
import type { ServiceAccountRecord } from "./calls";

const T = "resources.service-accounts";

export default function ServiceAccountList() {
  const translate = useTranslate();
  const lastUse = ({ keys }: ServiceAccountRecord) => {
    const times = keys.flatMap(({ lastUseTime }) => lastUseTime ?? []).sort();
    return momentText(times.at(-1)) || translate(`${T}.never`);
  };
  const networks = (account: ServiceAccountRecord) => account.networks.join(", ") || translate(`${T}.anywhere`);
  return (
    <ListPage>
      <DataTable rowClick="edit" bulkActionButtons={false}>
        <DataTable.Col source="name" disableSort />
        <DataTable.Col source="role" disableSort />
        <DataTable.Col source="networks" disableSort render={networks} />
        <DataTable.Col source="keys" disableSort align="right" render={({ keys }: ServiceAccountRecord) => keys.length} />
        <DataTable.Col source="lastUse" disableSort render={lastUse} />
        <DataTable.Col source="active" disableSort field={BooleanField} />
      </DataTable>
    </ListPage>
  );
}
