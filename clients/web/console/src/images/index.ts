import PhotoLibraryIcon from "@mui/icons-material/PhotoLibrary";
import { MediaService } from "@sanset/client/gen/sanset/v1/media_pb.js";
import { defineResource } from "../resource";
import { de, en } from "./messages";

const { uploadImage, updateImage, reorderImages, deleteImage } = MediaService.method;

/** The pictures of a product: a part of its page. */
export const images = defineResource({
  name: "images",
  icon: PhotoLibraryIcon,
  group: "catalog",
  messages: { en, de },
  access: { create: uploadImage, edit: updateImage, reorder: reorderImages, delete: deleteImage },
  calls: {},
  pages: {},
});
