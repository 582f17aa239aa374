import StoreIcon from "@mui/icons-material/Store";
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { createLocation, updateLocation, deleteLocation } = InventoryService.method;

/** Warehouses and stores. Anyone may read those that are active; the pages are for those who change them. */
export const locations = defineResource({
  name: "locations",
  icon: StoreIcon,
  group: "catalog",
  messages: { en, de },
  access: { list: updateLocation, create: createLocation, edit: updateLocation, delete: deleteLocation },
  calls,
  pages: {
    list: lazy(() => import("./LocationList")),
    create: lazy(() => import("./LocationCreate")),
    edit: lazy(() => import("./LocationEdit")),
  },
  title: "name",
});
