import { NumberInput, SelectInput, required, useTranslate } from "react-admin";
import { CallDialog } from "../ui/CallDialog";
import { type StockLevel, type StockPlace, type StockTransfer, transferStock } from "./calls";

const T = "resources.stock";

/** Moves units of a variant from one place to another. */
export function TransferDialog({ levels, places, onClose }: { levels: readonly StockLevel[]; places: readonly StockPlace[]; onClose: () => void }) {
  const translate = useTranslate();
  const variants = [...new Map(levels.map(({ variantId, sku }) => [variantId, { id: variantId, name: sku }])).values()];
  const fullest = [...levels].sort((left, right) => right.available - left.available)[0];
  const values: StockTransfer = {
    productId: fullest?.productId ?? "",
    variantId: fullest?.variantId ?? "",
    fromLocationId: fullest?.locationId ?? "",
    toLocationId: places.find(({ id }) => id !== fullest?.locationId)?.id ?? "",
    quantity: null,
  };
  return (
    <CallDialog
      title={translate(`${T}.transferTitle`)}
      resource="stock"
      values={values}
      call={transferStock}
      fields={{ quantity: "qty" }}
      done={`${T}.transferred`}
      onClose={onClose}
    >
      <SelectInput source="variantId" choices={variants} validate={required()} translateChoice={false} />
      <SelectInput source="fromLocationId" choices={[...places]} validate={required()} translateChoice={false} />
      <SelectInput source="toLocationId" choices={[...places]} validate={required()} translateChoice={false} />
      <NumberInput source="quantity" min={1} step={1} validate={required()} />
    </CallDialog>
  );
}
