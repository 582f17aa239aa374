import Typography from "@mui/material/Typography";
import {
  BooleanInput,
  DateTimeInput,
  NumberInput,
  RadioButtonGroupInput,
  SelectInput,
  TextInput,
  maxValue,
  minValue,
  required,
  useTranslate,
} from "react-admin";
import { useWatch } from "react-hook-form";
import { RecordForm } from "../ui/RecordForm";
import { MoneyInput } from "../ui/money";
import { en } from "./messages";

const PERCENT = [required(), minValue(0.01), maxValue(100)];
const KINDS = Object.keys(en.kinds).map((id) => ({ id, name: `resources.coupons.kinds.${id}` }));
const TIERS = Object.keys(en.tiers).map((id) => ({ id, name: `resources.coupons.tiers.${id}` }));

export function CouponForm({ isNew = false }: { isNew?: boolean }) {
  return (
    <RecordForm defaultValues={isNew ? { kind: "percent", active: true, usageLimit: 0, perUserLimit: 0 } : {}}>
      <TextInput source="code" validate={required()} readOnly={!isNew} helperText={isNew && "resources.coupons.codeHint"} />
      <TextInput source="description" multiline />
      <BooleanInput source="active" />
      <Section name="discount" />
      <RadioButtonGroupInput source="kind" choices={KINDS} validate={required()} />
      <DiscountInput />
      <MoneyInput source="minPurchase" />
      <MoneyInput source="maxDiscount" />
      <Section name="validity" />
      <DateTimeInput source="validFrom" />
      <DateTimeInput source="validUntil" />
      <Section name="limits" />
      <SelectInput source="minTier" choices={TIERS} />
      <NumberInput source="usageLimit" min={0} step={1} />
      <NumberInput source="perUserLimit" min={0} step={1} />
    </RecordForm>
  );
}

function DiscountInput() {
  const kind: unknown = useWatch({ name: "kind" });
  return kind === "amount" ? (
    <MoneyInput source="amount" isRequired />
  ) : (
    <NumberInput source="percent" min={0} max={100} step={0.01} validate={PERCENT} />
  );
}

function Section({ name }: { name: keyof typeof en.sections }) {
  const translate = useTranslate();
  return (
    <Typography variant="h6" component="h2" sx={{ mt: 2, mb: 1 }}>
      {translate(`resources.coupons.sections.${name}`)}
    </Typography>
  );
}
