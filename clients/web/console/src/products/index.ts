import InventoryIcon from "@mui/icons-material/Inventory2";
import { CatalogService } from "@sanset/client/gen/sanset/v1/catalog_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listProducts, getProduct, createProduct, updateProduct, deleteProduct, undeleteProduct, exportProducts } =
  CatalogService.method;

/** Products: everybody who works for the shop may look at them; vendors see their own. */
export const products = defineResource({
  name: "products",
  icon: InventoryIcon,
  group: "catalog",
  messages: { en, de },
  access: {
    list: listProducts,
    show: getProduct,
    create: createProduct,
    edit: updateProduct,
    delete: deleteProduct,
    undelete: undeleteProduct,
    export: exportProducts,
  },
  calls,
  pages: {
    list: lazy(() => import("./ProductList")),
    create: lazy(() => import("./ProductCreate")),
    edit: lazy(() => import("./ProductEdit")),
    show: lazy(() => import("./ProductShow")),
  },
  title: "name",
});
