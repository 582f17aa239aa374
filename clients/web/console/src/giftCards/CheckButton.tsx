import SearchIcon from "@mui/icons-material/Search";
import { useState } from "react";
import { Button, TextInput, required, useNotify, useTranslate } from "react-admin";
import { CallDialog } from "../ui/CallDialog";
import { amountText } from "../ui/money";
import { checkGiftCard } from "./calls";

const T = "resources.gift-cards";

/** Says what is left on a card whose code somebody reads out. */
export function CheckButton() {
  const translate = useTranslate();
  const notify = useNotify();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button label={`${T}.check`} onClick={() => setOpen(true)}>
        <SearchIcon />
      </Button>
      {isOpen && (
        <CallDialog
          title={translate(`${T}.check`)}
          resource="gift-cards"
          values={{ code: "" }}
          call={checkGiftCard}
          label={`${T}.checkIt`}
          icon={<SearchIcon />}
          onDone={({ balance, active }) =>
            notify(translate(active ? `${T}.result` : `${T}.resultInactive`, { balance: amountText(balance) }), {
              type: active ? "success" : "warning",
              autoHideDuration: 15_000,
            })
          }
          onClose={() => setOpen(false)}
        >
          <TextInput source="code" validate={required()} autoFocus autoComplete="off" />
        </CallDialog>
      )}
    </>
  );
}
