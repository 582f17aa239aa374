import { SansetError } from "@sanset/client";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { Field, Form, type Values } from "../ui/Form";
import { useTitle } from "../ui/useTitle";
import { useNext } from "./useNext";
import { signIn } from "./useUser";

export function SignInPage() {
  useTitle("Sign in");
  const next = useNext();
  const navigate = useNavigate();
  const [secondFactor, setSecondFactor] = useState(false);

  async function send(values: Values) {
    try {
      await signIn(values.text("email"), values.secret("password"), values.text("code"));
    } catch (failure) {
      if (failure instanceof SansetError && failure.reason === "SECOND_FACTOR_REQUIRED") setSecondFactor(true);
      throw failure;
    }
    await navigate(next, { replace: true });
  }

  return (
    <section className="narrow">
      <h1>Sign in</h1>
      <Form send={send} label="Sign in" busyLabel="Signing in …">
        <Field label="E-mail address or user name" name="email" autoComplete="username" required autoFocus />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required />
        {secondFactor && (
          <Field
            label="Code"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            hint="Of your authenticator, or one of your recovery codes."
            required
          />
        )}
      </Form>
      <p>
        <Link to="/forgot-password">Forgot your password?</Link>
      </p>
      <p>
        New here? <Link to={`/register?next=${encodeURIComponent(next)}`}>Make an account</Link>
      </p>
    </section>
  );
}
