import Chip from "@mui/material/Chip";
import { useTranslate } from "react-admin";
import type { ProductRecord } from "./calls";

const COLORS = { IN_STOCK: "success", LOW_STOCK: "warning", OUT_OF_STOCK: "error", STOCK_STATUS_UNSPECIFIED: "default" } as const;

/** Whether a product can be bought, in a word. */
export function StockChip({ status, deleted = false }: { status: ProductRecord["stockStatus"]; deleted?: boolean }) {
  const translate = useTranslate();
  if (deleted) return <Chip size="small" label={translate("resources.products.deleted")} />;
  return <Chip size="small" variant="outlined" color={COLORS[status]} label={translate(`resources.products.status.${status}`)} />;
}
