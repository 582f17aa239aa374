import AccountTreeIcon from "@mui/icons-material/AccountTree";
import { CatalogService } from "@sanset/client/gen/sanset/v1/catalog_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { de, en } from "./messages";

const { createCategory, updateCategory, deleteCategory } = CatalogService.method;

/** Categories as a tree. Anyone may read them; the page is for those who change them. */
export const categories = defineResource({
  name: "categories",
  icon: AccountTreeIcon,
  group: "catalog",
  messages: { en, de },
  access: { list: updateCategory, create: createCategory, edit: updateCategory, delete: deleteCategory },
  calls: {},
  pages: { list: lazy(() => import("./CategoryPage")) },
});
