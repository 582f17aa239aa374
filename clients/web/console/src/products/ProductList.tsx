import Box from "@mui/material/Box";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import {
  AutocompleteInput,
  CreateButton,
  DataTable,
  FilterButton,
  type RaRecord,
  SelectInput,
  TextInput,
  TopToolbar,
  useCanAccess,
  useTranslate,
} from "react-admin";
import { ImportLink } from "../imports/ImportLink";
import { useCategoryChoices } from "../categories/tree";
import { ListPage } from "../ui/RecordPages";
import { amountText } from "../ui/money";
import { ExportButton } from "./ExportButton";
import { Picture } from "./Picture";
import { StockChip } from "./StockChip";
import { UndeleteButton } from "./UndeleteButton";
import type { ProductRecord } from "./calls";
import { en } from "./messages";

const T = "resources.products";
const SORTS = Object.keys(en.sorts).map((id) => ({ id, name: `${T}.sorts.${id}` }));

const FILTERS = [
  <TextInput key="q" source="q" alwaysOn resettable />,
  <CategoryFilter key="category" source="category" />,
  <TextInput key="brand" source="brand" resettable />,
  <SelectInput
    key="inStock"
    source="inStock"
    choices={[
      { id: true, name: `${T}.status.IN_STOCK` },
      { id: false, name: `${T}.status.OUT_OF_STOCK` },
    ]}
  />,
  <TextInput key="minPrice" source="minPrice" inputMode="decimal" resettable />,
  <TextInput key="maxPrice" source="maxPrice" inputMode="decimal" resettable />,
  <TextInput key="vendorId" source="vendorId" inputMode="numeric" resettable />,
  <SelectInput key="sort" source="sort" choices={SORTS} />,
  <SelectInput key="showDeleted" source="showDeleted" choices={[{ id: true, name: "ra.boolean.true" }]} />,
];

export default function ProductList() {
  const { canAccess } = useCanAccess({ resource: "products", action: "edit" });
  const open = (_id: unknown, _resource: unknown, record: RaRecord) =>
    record["deleteTime"] ? false : canAccess ? "edit" : "show";
  return (
    <ListPage filters={FILTERS} actions={<Actions />}>
      <DataTable rowClick={open} bulkActionButtons={false}>
        <DataTable.Col source="name" disableSort render={(record: ProductRecord) => <Name record={record} />} />
        <DataTable.Col source="category" disableSort sx={{ display: { xs: "none", md: "table-cell" } }} />
        <DataTable.Col source="brand" disableSort sx={{ display: { xs: "none", lg: "table-cell" } }} />
        <DataTable.Col source="price" disableSort align="right" render={(record: ProductRecord) => <Price record={record} />} />
        <DataTable.NumberCol source="stock" disableSort sx={{ display: { xs: "none", sm: "table-cell" } }} />
        <DataTable.Col source="stockStatus" disableSort render={(record: ProductRecord) => <Status record={record} />} />
      </DataTable>
    </ListPage>
  );
}

function Actions() {
  return (
    <TopToolbar>
      <FilterButton />
      <CreateButton />
      <ImportLink />
      <ExportButton />
    </TopToolbar>
  );
}

function Name({ record }: { record: ProductRecord }) {
  return (
    <Stack direction="row" sx={{ gap: 1.5, alignItems: "center", minWidth: 0 }}>
      <Box sx={{ display: { xs: "none", sm: "block" } }}>
        <Picture url={record.imageUrl} />
      </Box>
      <Box sx={{ minWidth: 0, overflowWrap: "anywhere" }}>
        <div>{record.name}</div>
        <Typography variant="body2" component="div" sx={{ opacity: 0.75 }}>
          {record.sku}
        </Typography>
      </Box>
    </Stack>
  );
}

function Price({ record }: { record: ProductRecord }) {
  const translate = useTranslate();
  const { lowestPrice, effectivePrice, price } = record;
  if (lowestPrice !== null) return translate(`${T}.from`, { price: amountText(lowestPrice) });
  if (effectivePrice === null || effectivePrice.amount === price?.amount) return amountText(price);
  return (
    <>
      {amountText(effectivePrice)}{" "}
      <Box component="s" sx={{ opacity: 0.75, whiteSpace: "nowrap" }}>
        {amountText(price)}
      </Box>
    </>
  );
}

function Status({ record }: { record: ProductRecord }) {
  const deleted = record.deleteTime !== null;
  return (
    <Stack direction="row" spacing={1} sx={{ alignItems: "center" }}>
      <StockChip status={record.stockStatus} deleted={deleted} />
      {deleted && <UndeleteButton record={record} />}
    </Stack>
  );
}

function CategoryFilter(props: { source: string; alwaysOn?: boolean }) {
  const { choices, isPending } = useCategoryChoices();
  return <AutocompleteInput {...props} choices={choices} optionValue="slug" isPending={isPending} sx={{ minWidth: "14rem" }} />;
}
