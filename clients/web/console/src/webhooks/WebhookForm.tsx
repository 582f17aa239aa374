import { BooleanInput, CheckboxGroupInput, DeleteButton, SaveButton, TextInput, Toolbar, required, useTranslate } from "react-admin";
import { RecordForm } from "../ui/RecordForm";
import { en } from "./messages";

const T = "resources.webhooks";

export function WebhookForm({ isNew = false }: { isNew?: boolean }) {
  const translate = useTranslate();
  const events = Object.keys(en.events).map((key) => {
    const id = key.replace("_", ".");
    return { id, name: eventText(id, translate) };
  });
  return (
    <RecordForm defaultValues={isNew ? { active: true, eventTypes: [] } : {}} toolbar={isNew ? undefined : <Buttons />}>
      <TextInput source="url" type="url" validate={required()} helperText={`${T}.urlHint`} />
      <CheckboxGroupInput source="eventTypes" choices={events} translateChoice={false} row={false} helperText={`${T}.eventsHint`} />
      <BooleanInput source="active" />
    </RecordForm>
  );
}

/** "order.placed" is the text order_placed: a dot would lead into texts. */
export function eventText(event: string, translate: ReturnType<typeof useTranslate>): string {
  return translate(`${T}.events.${event.replace(".", "_")}`, { _: event });
}

function Buttons() {
  return (
    <Toolbar sx={{ justifyContent: "space-between" }}>
      <SaveButton />
      <DeleteButton mutationMode="pessimistic" />
    </Toolbar>
  );
}
