import Stack from "@mui/material/Stack";
import { FunctionField, Labeled, TextField, useTranslate } from "react-admin";
import { ShowPage } from "../ui/RecordPages";
import { amountText } from "../ui/money";
import { Picture } from "./Picture";
import { ProductTabs } from "./ProductTabs";
import { StockChip } from "./StockChip";
import type { ProductRecord } from "./calls";

/** A product for those who may not change it. */
export default function ProductShow() {
  return (
    <ShowPage>
      <ProductTabs details={<Details />} />
    </ShowPage>
  );
}

function Details() {
  const translate = useTranslate();
  return (
    <Stack spacing={2} sx={{ p: 2, maxWidth: "40rem" }}>
      <FunctionField render={({ imageUrl }: ProductRecord) => <Picture url={imageUrl} size={160} />} />
      {(["name", "sku", "description", "category", "brand"] as const).map((source) => (
        <Labeled key={source} source={source}>
          <TextField source={source} emptyText="–" sx={{ whiteSpace: "pre-wrap" }} />
        </Labeled>
      ))}
      <Labeled source="effectivePrice">
        <FunctionField render={({ effectivePrice }: ProductRecord) => amountText(effectivePrice)} />
      </Labeled>
      <Labeled source="stockStatus">
        <FunctionField
          render={({ stock, stockStatus }: ProductRecord) => (
            <Stack direction="row" spacing={1} sx={{ alignItems: "center" }}>
              <span>{stock}</span>
              <StockChip status={stockStatus} />
            </Stack>
          )}
        />
      </Labeled>
      <Labeled source="tags">
        <FunctionField render={({ tags }: ProductRecord) => tags.join(", ") || translate("resources.products.none")} />
      </Labeled>
    </Stack>
  );
}
