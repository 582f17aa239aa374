import ProductionQuantityLimitsIcon from "@mui/icons-material/ProductionQuantityLimits";
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

/** What is about to sell out. */
export const lowStock = defineResource({
  name: "low-stock",
  icon: ProductionQuantityLimitsIcon,
  group: "catalog",
  messages: { en, de },
  access: { list: InventoryService.method.listLowStock },
  calls,
  pages: { list: lazy(() => import("./LowStockList")) },
});
