import WarehouseIcon from "@mui/icons-material/Warehouse";
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { defineResource } from "../resource";
import { de, en } from "./messages";

const { setInventory, adjustInventory, transferStock } = InventoryService.method;

/** The stock of a product: a part of its page. */
export const stock = defineResource({
  name: "stock",
  icon: WarehouseIcon,
  group: "catalog",
  messages: { en, de },
  access: { edit: setInventory, adjust: adjustInventory, transfer: transferStock },
  calls: {},
  pages: {},
});
