import UploadFileIcon from "@mui/icons-material/UploadFile";
import { CatalogService } from "@sanset/client/gen/sanset/v1/catalog_pb.js";
import { ImportService } from "@sanset/client/gen/sanset/v1/import_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listImports, getImport, importProducts, cancelImport } = ImportService.method;

/** Files of products. */
export const imports = defineResource({
  name: "imports",
  icon: UploadFileIcon,
  group: "catalog",
  messages: { en, de },
  access: {
    list: listImports,
    show: getImport,
    create: importProducts,
    cancel: cancelImport,
    createCategories: CatalogService.method.createCategory,
  },
  calls,
  pages: {
    list: lazy(() => import("./ImportList")),
    create: lazy(() => import("./ImportCreate")),
    show: lazy(() => import("./ImportShow")),
  },
  title: "id",
});
