import StyleIcon from "@mui/icons-material/Style";
import { CatalogService } from "@sanset/client/gen/sanset/v1/catalog_pb.js";
import { defineResource } from "../resource";
import { de, en } from "./messages";

const { createVariant, updateVariant, deleteVariant } = CatalogService.method;

/** The forms in which a product is bought: a part of its page. */
export const variants = defineResource({
  name: "variants",
  icon: StyleIcon,
  group: "catalog",
  messages: { en, de },
  access: { create: createVariant, edit: updateVariant, delete: deleteVariant },
  calls: {},
  pages: {},
});
