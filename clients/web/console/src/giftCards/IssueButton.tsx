import AddIcon from "@mui/icons-material/Add";
import MuiButton from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogContentText from "@mui/material/DialogContentText";
import DialogTitle from "@mui/material/DialogTitle";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { Button, DateTimeInput, useCanAccess, useNotify, useTranslate } from "react-admin";
import { CallDialog } from "../ui/CallDialog";
import { MoneyInput } from "../ui/money";
import { issueGiftCard } from "./calls";

const T = "resources.gift-cards";

/** Issues a card, and shows its code, which the shop tells only once. */
export function IssueButton() {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "gift-cards", action: "create" });
  const [isOpen, setOpen] = useState(false);
  const [code, setCode] = useState("");
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
          onDone={(card) => setCode(card.code)}
          onClose={() => setOpen(false)}
        >
          <MoneyInput source="balance" isRequired helperText={`${T}.balanceHint`} autoFocus />
          <DateTimeInput source="expireTime" />
        </CallDialog>
      )}
      {code !== "" && <CodeDialog code={code} onClose={() => setCode("")} />}
    </>
  );
}

function CodeDialog({ code, onClose }: { code: string; onClose: () => void }) {
  const translate = useTranslate();
  const notify = useNotify();
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    notify(`${T}.copied`, { type: "success" });
  };
  return (
    <Dialog open aria-labelledby="gift-card-code">
      <DialogTitle id="gift-card-code">{translate(`${T}.codeTitle`)}</DialogTitle>
      <DialogContent>
        <Typography variant="h5" component="p" sx={{ fontFamily: "monospace", overflowWrap: "anywhere", mb: 2 }}>
          {code}
        </Typography>
        <DialogContentText>{translate(`${T}.codeHint`)}</DialogContentText>
      </DialogContent>
      <DialogActions>
        {/* Pages that are not served safely have no clipboard. */}
        {window.isSecureContext && <MuiButton onClick={() => void copy()}>{translate(`${T}.copy`)}</MuiButton>}
        <MuiButton variant="contained" onClick={onClose}>
          {translate("ra.action.close")}
        </MuiButton>
      </DialogActions>
    </Dialog>
  );
}
