import AddIcon from "@mui/icons-material/Add";
import { useState } from "react";
import { Button, DateTimeInput, useCanAccess, useTranslate } from "react-admin";
import { CallDialog } from "../ui/CallDialog";
import { MoneyInput } from "../ui/money";
import { issueGiftCard } from "./calls";

const T = "resources.gift-cards";

export interface Issuing {
  /** Gets the code of the new card, which the shop tells only once. */
  readonly onIssued: (code: string) => void;
}

export function IssueButton({ onIssued }: Issuing) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "gift-cards", action: "create" });
  const [isOpen, setOpen] = useState(false);
  if (!canAccess) return null;
  return (
    <>
      <Button label={`${T}.issue`} onClick={() => setOpen(true)}>
        <AddIcon />
      </Button>
      {isOpen && (
        <CallDialog
          title={translate(`${T}.issue`)}
          resource="gift-cards"
          values={{ balance: null, expireTime: null }}
          call={issueGiftCard}
          done={`${T}.issued`}
          label={`${T}.issue`}
          onDone={(card) => onIssued(card.code)}
          onClose={() => setOpen(false)}
        >
          <MoneyInput source="balance" isRequired helperText={`${T}.balanceHint`} autoFocus />
          <DateTimeInput source="expireTime" />
        </CallDialog>
      )}
    </>
  );
}
