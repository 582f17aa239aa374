import { BooleanInput, DateTimeInput, FunctionField, Labeled, SaveButton, Toolbar } from "react-admin";
import { RecordForm } from "../ui/RecordForm";
import { EditPage } from "../ui/RecordPages";
import { amountText } from "../ui/money";
import type { GiftCardRecord } from "./calls";

export default function GiftCardEdit() {
  return (
    <EditPage>
      <RecordForm
        toolbar={
          <Toolbar>
            <SaveButton />
          </Toolbar>
        }
      >
        <Labeled source="balance" sx={{ mb: 2 }}>
          <FunctionField render={({ balance }: GiftCardRecord) => amountText(balance)} />
        </Labeled>
        <BooleanInput source="active" helperText="resources.gift-cards.inactiveHint" />
        <DateTimeInput source="expireTime" />
      </RecordForm>
    </EditPage>
  );
}
