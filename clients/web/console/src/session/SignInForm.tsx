// Signing in: by password with a second factor where the account has one, or by a passkey.
import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { SansetError } from "@sanset/client";
import { type FormEvent, useState } from "react";
import { useTranslate } from "react-admin";
import { sentenceOf } from "../data/refusals";
import type { SignIn } from "./authProvider";
import { hasPasskeys } from "./passkey";

export function SignInForm({ send }: { send: (way: SignIn) => Promise<unknown> }) {
  const translate = useTranslate();
  const [needsCode, setNeedsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");

  async function attempt(way: SignIn) {
    if (busy) return;
    setBusy(true);
    setRefusal("");
    try {
      await send(way);
    } catch (failure) {
      if (failure instanceof SansetError && failure.reason === "SECOND_FACTOR_REQUIRED") setNeedsCode(true);
      setRefusal(refusalOf(failure));
    } finally {
      setBusy(false);
    }
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => (data.get(name) as string | null) ?? "";
    void attempt({ name: text("name").trim(), password: text("password"), code: text("code").trim() });
  }

  return (
    <form onSubmit={submit}>
      <Stack spacing={2}>
        {refusal !== "" && <Alert severity="error">{translate(refusal, { _: refusal })}</Alert>}
        <TextField name="name" label={translate("console.session.name")} autoComplete="username" autoFocus required />
        <TextField
          name="password"
          type="password"
          label={translate("console.session.password")}
          autoComplete="current-password"
          required
        />
        {needsCode && (
          <TextField
            name="code"
            label={translate("console.session.code")}
            helperText={translate("console.session.codeHint")}
            autoComplete="one-time-code"
            autoFocus
            required
          />
        )}
        <Button type="submit" variant="contained" loading={busy} fullWidth>
          {translate("console.session.signIn")}
        </Button>
        {hasPasskeys && (
          <Button variant="outlined" disabled={busy} onClick={() => void attempt({ passkey: true })} fullWidth>
            {translate("console.session.passkey")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

function refusalOf(failure: unknown): string {
  if (failure instanceof DOMException) return "console.session.noPasskey"; // the browser asked, nobody answered
  return sentenceOf(failure);
}
