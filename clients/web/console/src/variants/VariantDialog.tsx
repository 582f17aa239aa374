import { ArrayInput, BooleanInput, NumberInput, SimpleFormIterator, TextInput, required, useTranslate } from "react-admin";
import type { ProductRecord } from "../products/calls";
import { CallDialog } from "../ui/CallDialog";
import { MoneyInput } from "../ui/money";
import { type VariantRecord, createVariant, updateVariant, variantName } from "./calls";

const T = "resources.variants";

interface VariantDialogProps {
  readonly product: ProductRecord;
  /** Undefined for a new one. */
  readonly variant: VariantRecord | undefined;
  /** What the product's variants differ in so far. */
  readonly optionNames: readonly string[];
  readonly onClose: () => void;
}

export function VariantDialog({ product, variant, optionNames, onClose }: VariantDialogProps) {
  const translate = useTranslate();
  return (
    <CallDialog
      title={variant ? translate(`${T}.edit`, { name: variantName(variant) }) : translate(`${T}.add`)}
      resource="variants"
      values={variant ?? blank(product, optionNames)}
      call={async (values: VariantRecord, requestId) => {
        if (variant) await updateVariant(variant, values, requestId);
        else await createVariant(values, requestId);
      }}
      done={variant ? `${T}.updated` : `${T}.created`}
      onClose={onClose}
    >
      <ArrayInput source="options" helperText={`${T}.optionsHint`}>
        <SimpleFormIterator inline disableReordering>
          <TextInput source="name" label={`${T}.option.name`} validate={required()} helperText={false} />
          <TextInput source="value" label={`${T}.option.value`} validate={required()} helperText={false} />
        </SimpleFormIterator>
      </ArrayInput>
      <TextInput source="sku" helperText="resources.products.skuHint" />
      <MoneyInput source="price" helperText={`${T}.priceHint`} />
      <MoneyInput source="compareAtPrice" />
      {!variant && <NumberInput source="stock" min={0} step={1} helperText={`${T}.stockHint`} />}
      <BooleanInput source="isDefault" readOnly={variant?.isDefault} />
    </CallDialog>
  );
}

function blank(product: ProductRecord, optionNames: readonly string[]): VariantRecord {
  const names = optionNames.length > 0 ? optionNames : [""];
  return {
    id: "",
    productId: product.id,
    sku: "",
    options: names.map((name) => ({ name, value: "" })),
    price: null,
    compareAtPrice: null,
    effectivePrice: null,
    stock: 0,
    isDefault: false,
  };
}
