import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogContentText from "@mui/material/DialogContentText";
import DialogTitle from "@mui/material/DialogTitle";
import Typography from "@mui/material/Typography";
import { useNotify, useTranslate } from "react-admin";

const T = "resources.gift-cards";

/** The code of a new card; it closes only by its button, as it is not shown again. */
export function CodeDialog({ code, onClose }: { code: string; onClose: () => void }) {
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
        {window.isSecureContext && <Button onClick={() => void copy()}>{translate(`${T}.copy`)}</Button>}
        <Button variant="contained" onClick={onClose}>
          {translate("ra.action.close")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
