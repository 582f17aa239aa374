import { BooleanInput, NumberInput, RadioButtonGroupInput, TextInput, Toolbar, SaveButton, required, useRecordContext } from "react-admin";
import { RecordForm } from "../ui/RecordForm";
import { Section } from "../ui/Section";
import { DEFAULT_LOCATION } from "./calls";
import { en } from "./messages";

const T = "resources.locations";
const KINDS = Object.keys(en.kinds).map((id) => ({ id, name: `${T}.kinds.${id}` }));
const NEW = { kind: "WAREHOUSE", active: true, priority: 0 };

export function LocationForm({ isNew = false }: { isNew?: boolean }) {
  const isDefault = useRecordContext()?.id === DEFAULT_LOCATION;
  return (
    <RecordForm defaultValues={isNew ? NEW : {}} toolbar={isDefault ? <SaveOnly /> : undefined}>
      <TextInput source="name" validate={required()} />
      <RadioButtonGroupInput source="kind" choices={KINDS} validate={required()} />
      <Section title={`${T}.sections.serving`} />
      <BooleanInput source="active" helperText={`${T}.activeHint`} />
      <NumberInput source="priority" min={0} step={1} helperText={`${T}.priorityHint`} />
      <Section title={`${T}.sections.address`} />
      <TextInput source="line1" />
      <TextInput source="line2" />
      <TextInput source="postalCode" />
      <TextInput source="city" />
      <TextInput source="state" />
      <TextInput source="country" helperText={`${T}.countryHint`} />
    </RecordForm>
  );
}

/** The default location cannot be deleted. */
function SaveOnly() {
  return (
    <Toolbar>
      <SaveButton />
    </Toolbar>
  );
}
