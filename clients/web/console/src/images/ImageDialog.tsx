import { SelectInput, TextInput, useTranslate } from "react-admin";
import { useShopQuery } from "../data/useShopQuery";
import { CallDialog } from "../ui/CallDialog";
import { listVariants, variantName } from "../variants/calls";
import { type ImageRecord, updateImage } from "./calls";

const T = "resources.images";

/** What is said of a picture. */
export function ImageDialog({ productId, image, onClose }: { productId: string; image: ImageRecord; onClose: () => void }) {
  const translate = useTranslate();
  const { data: variants = [] } = useShopQuery(["variants", productId], (signal) => listVariants(productId, signal));
  const choices = variants.map((variant) => ({ id: variant.id, name: variantName(variant) }));
  return (
    <CallDialog
      title={translate(`${T}.editTitle`)}
      resource="images"
      values={image}
      call={updateImage}
      done={`${T}.saved`}
      onClose={onClose}
    >
      <TextInput source="alt" multiline autoFocus helperText={`${T}.altHint`} />
      <SelectInput source="variantId" choices={choices} emptyText={`${T}.anyVariant`} translateChoice={false} />
    </CallDialog>
  );
}
