import { NumberInput, RadioButtonGroupInput, required, useTranslate } from "react-admin";
import { useWatch } from "react-hook-form";
import { CallDialog } from "../ui/CallDialog";
import { type StockChange, type StockLevel, changeStock } from "./calls";

const T = "resources.stock";
const KINDS = (["adjust", "set"] as const).map((id) => ({ id, name: `${T}.kinds.${id}` }));

/** Changes what is there: by so much, or to what was counted. */
export function StockDialog({ level, onClose }: { level: StockLevel; onClose: () => void }) {
  const translate = useTranslate();
  const { productId, variantId, locationId, available } = level;
  const values: StockChange = { productId, variantId, locationId, kind: "adjust", expectedQuantity: available };
  return (
    <CallDialog
      title={translate(`${T}.changeTitle`, { sku: level.sku, place: level.location })}
      resource="stock"
      values={values}
      call={changeStock}
      fields={{ quantity: "qty" }}
      done={`${T}.changed`}
      onClose={onClose}
    >
      <RadioButtonGroupInput source="kind" choices={KINDS} validate={required()} />
      <Units available={available} />
    </CallDialog>
  );
}

function Units({ available }: { available: number }) {
  const translate = useTranslate();
  const kind: unknown = useWatch({ name: "kind" });
  if (kind === "adjust") return <NumberInput source="delta" step={1} validate={required()} />;
  return (
    <NumberInput
      source="quantity"
      min={0}
      step={1}
      validate={required()}
      helperText={translate(`${T}.countHint`, { count: available })}
    />
  );
}
