import { useState } from "react";
import { useNavigate } from "react-router";
import { shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { useTitle } from "../ui/useTitle";
import { signIn } from "./useUser";

/** A code by mail, then a new password. */
export function ForgotPasswordPage() {
  useTitle("A new password");
  const [email, setEmail] = useState<string>();
  const navigate = useNavigate();

  async function askForCode(values: Values) {
    await shop.auth.forgotPassword({ email: values.text("email") });
    setEmail(values.text("email"));
  }

  async function reset(values: Values) {
    const newPassword = values.secret("new_password");
    await shop.auth.resetPassword({ email: email ?? "", otp: values.text("otp"), newPassword });
    await signIn(email ?? "", newPassword);
    await navigate("/account", { replace: true });
  }

  if (email === undefined) {
    return (
      <section className="narrow">
        <h1>Forgot your password?</h1>
        <p>We mail you a code with which you choose a new one.</p>
        <Form key="ask" send={askForCode} label="Mail me a code">
          <Field label="E-mail address" name="email" type="email" autoComplete="email" required autoFocus />
        </Form>
      </section>
    );
  }
  return (
    <section className="narrow">
      <h1>A new password</h1>
      <p>
        If {email} has an account here, a code of six digits is on its way. It is good for ten minutes.
      </p>
      <Form key="reset" send={reset} label="Set the password">
        <Field label="Code" name="otp" inputMode="numeric" autoComplete="one-time-code" required autoFocus />
        <Field
          label="New password"
          name="new_password"
          type="password"
          autoComplete="new-password"
          hint="At least 8 characters, with a letter and a digit."
          required
        />
      </Form>
      <button className="link" onClick={() => setEmail(undefined)}>
        Another address
      </button>
    </section>
  );
}
