import Typography from "@mui/material/Typography";
import { NumberInput, TextInput, required, useTranslate } from "react-admin";
import { RecordForm } from "../ui/RecordForm";
import { MoneyInput } from "../ui/money";

export function SegmentForm() {
  const translate = useTranslate();
  return (
    <RecordForm>
      <TextInput source="name" validate={required()} />
      <TextInput source="description" multiline />
      <Typography variant="h6" component="h2" sx={{ mt: 2, mb: 1 }}>
        {translate("resources.segments.rules")}
      </Typography>
      <NumberInput source="rules.minOrders" min={0} step={1} />
      <NumberInput source="rules.maxOrders" min={0} step={1} />
      <MoneyInput source="rules.minSpent" />
      <MoneyInput source="rules.maxSpent" />
      <NumberInput source="rules.orderedWithinDays" min={1} step={1} />
      <NumberInput source="rules.notOrderedForDays" min={1} step={1} />
      <NumberInput source="rules.registeredWithinDays" min={1} step={1} />
      <TextInput source="rules.boughtCategory" />
      <TextInput source="rules.country" slotProps={{ htmlInput: { maxLength: 2 } }} />
    </RecordForm>
  );
}
