// The session ended while a page was open: its user signs in over it, and loses nothing.
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogContentText from "@mui/material/DialogContentText";
import DialogTitle from "@mui/material/DialogTitle";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useLogout, useTranslate } from "react-admin";
import { SignInForm } from "./SignInForm";
import { type SignIn, signIn } from "./authProvider";
import { sessionEnd } from "./sessionEnd";
import { currentUser } from "./user";

export function SessionEndDialog() {
  const over = useSyncExternalStore(sessionEnd.subscribe, () => sessionEnd.isOver);
  const translate = useTranslate();
  const queries = useQueryClient();
  const logout = useLogout();
  const lastUser = useLastUser(over);

  async function send(way: SignIn) {
    await signIn(way);
    const user = await currentUser();
    if (user.id === lastUser.current) await queries.invalidateQueries();
    else window.location.reload(); // what is on the page was shown to somebody else
  }

  return (
    <Dialog open={over} fullWidth maxWidth="xs" slotProps={{ backdrop: { sx: { bgcolor: "background.default" } } }}>
      <DialogTitle>{translate("console.session.ended")}</DialogTitle>
      <DialogContent>
        <DialogContentText sx={{ mb: 2 }}>{translate("console.session.endedHint")}</DialogContentText>
        <SignInForm send={send} />
      </DialogContent>
      <DialogActions>
        <Button onClick={() => void logout()}>{translate("console.session.leave")}</Button>
      </DialogActions>
    </Dialog>
  );
}

/** Who was signed in before the session ended. */
function useLastUser(over: boolean) {
  const id = useRef<bigint | undefined>(undefined);
  useEffect(() => {
    if (over) return;
    currentUser().then(
      (user) => (id.current = user.id),
      () => undefined,
    );
  }, [over]);
  return id;
}
