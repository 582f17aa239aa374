import { Link, useNavigate } from "react-router";
import { shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { useTitle } from "../ui/useTitle";
import { useNext } from "./useNext";
import { signIn } from "./useUser";

export function RegisterPage() {
  useTitle("Make an account");
  const next = useNext();
  const navigate = useNavigate();

  async function send(values: Values) {
    const email = values.text("email");
    const password = values.secret("password");
    await shop.auth.register({ fullName: values.text("full_name"), email, password });
    await signIn(email, password);
    await navigate(next, { replace: true });
  }

  return (
    <section className="narrow">
      <h1>Make an account</h1>
      <Form send={send} label="Make an account" busyLabel="Making it …">
        <Field label="Full name" name="full_name" autoComplete="name" required autoFocus />
        <Field label="E-mail address" name="email" type="email" autoComplete="email" required />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          hint="At least 8 characters, with a letter and a digit."
          required
        />
      </Form>
      <p>
        Have one? <Link to={`/sign-in?next=${encodeURIComponent(next)}`}>Sign in</Link>
      </p>
    </section>
  );
}
