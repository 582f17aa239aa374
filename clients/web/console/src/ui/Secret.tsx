// A secret that the shop tells once.
import ContentCopyIcon from "@mui/icons-material/ContentCopy";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import { useNotify, useTranslate } from "react-admin";

/** Shows `secret` until it is closed; nothing where it is "". */
export function SecretDialog({ secret, title, onClose }: { secret: string; title: string; onClose: () => void }) {
  const translate = useTranslate();
  const notify = useNotify();
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    notify("console.secret.copied", { type: "success" });
  };
  return (
    <Dialog open={secret !== ""} fullWidth maxWidth="sm" aria-labelledby="secret-title">
      <DialogTitle id="secret-title">{translate(title)}</DialogTitle>
      <DialogContent>
        <Alert severity="warning" sx={{ mb: 2 }}>
          {translate("console.secret.once")}
        </Alert>
        <Box component="code" tabIndex={0} sx={{ display: "block", p: 2, bgcolor: "action.hover", borderRadius: 1, overflowWrap: "anywhere" }}>
          {secret}
        </Box>
      </DialogContent>
      <DialogActions>
        <Button startIcon={<ContentCopyIcon />} onClick={() => void copy()}>
          {translate("console.secret.copy")}
        </Button>
        <Button variant="contained" onClick={onClose}>
          {translate("console.secret.close")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
