import { DataTable, FilterButton, SelectInput, TextInput, TopToolbar, useTranslate } from "react-admin";
import { ExportButton } from "../ui/ExportButton";
import { ListPage } from "../ui/RecordPages";
import { RoleInput } from "../ui/role";
import { DayField } from "../ui/time";
import { CustomerState } from "./CustomerState";
import { type CustomerRecord, exportCustomers } from "./calls";
import { en } from "./messages";

const T = "resources.customers";

const STATES = Object.keys(en.states)
  .filter((id) => id !== "STATE_UNSPECIFIED")
  .map((id) => ({ id, name: `${T}.states.${id}` }));
const TIERS = Object.keys(en.tiers)
  .filter((id) => id !== "LEVEL_UNSPECIFIED")
  .map((id) => ({ id, name: `${T}.tiers.${id}` }));

const FILTERS = [
  <TextInput key="q" source="q" alwaysOn resettable sx={{ minWidth: "16rem" }} />,
  <RoleInput key="role" source="role" />,
  <SelectInput key="state" source="state" choices={STATES} />,
  <SelectInput key="tier" source="tier" choices={TIERS} />,
];

export default function CustomerList() {
  const translate = useTranslate();
  return (
    <ListPage filters={FILTERS} actions={<Actions />}>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="fullName" disableSort />
        <DataTable.Col source="email" disableSort />
        <DataTable.Col source="role" disableSort />
        <DataTable.Col source="tier" disableSort render={({ tier }: CustomerRecord) => translate(`${T}.tiers.${tier}`)} />
        <DataTable.Col source="state" disableSort render={({ state }: CustomerRecord) => <CustomerState state={state} />} />
        <DataTable.Col source="createTime" disableSort>
          <DayField source="createTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}

function Actions() {
  return (
    <TopToolbar>
      <FilterButton />
      <ExportButton name="customers" save={({ format }) => exportCustomers(format)} />
    </TopToolbar>
  );
}
