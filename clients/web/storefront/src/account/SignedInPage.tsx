import { SansetError } from "@sanset/client";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { Field, Form, type Values } from "../ui/Form";
import { Waiting } from "../ui/Loaded";
import { Refusal } from "../ui/Refusal";
import { useTitle } from "../ui/useTitle";
import { finish, flowOf } from "./federated";

/** Where an OpenID provider sends users back to. */
export function SignedInPage() {
  useTitle("Signing in");
  const [back] = useSearchParams();
  const navigate = useNavigate();
  const [flow] = useState(() => flowOf(back));
  const begun = useRef(false);
  const { mutate, error } = useMutation({
    mutationFn: () => finish(flow!, back, ""),
    onSuccess: () => navigate(flow!.next, { replace: true }),
  });
  const comesBack = flow !== undefined && back.has("code");
  useEffect(() => {
    if (comesBack && !begun.current) mutate();
    begun.current = true; // a code is good for once
  }, [comesBack, mutate]);

  async function send(values: Values) {
    await finish(flow!, back, values.text("second_factor_code"));
    await navigate(flow!.next, { replace: true });
  }

  if (!comesBack) {
    const denied = back.get("error") === "access_denied";
    return <Failed says={denied ? "You came back without signing in there." : "This sign-in was not begun here."} />;
  }
  if (error instanceof SansetError && error.reason === "SECOND_FACTOR_REQUIRED") {
    return (
      <section className="narrow">
        <h1>Your second factor</h1>
        <Form send={send} label="Sign in" busyLabel="Signing in …">
          <Field label="Code" name="second_factor_code" inputMode="numeric" autoComplete="one-time-code" hint="Of your authenticator, or one of your recovery codes." required autoFocus />
        </Form>
      </section>
    );
  }
  if (error !== null) return <Failed of={error} />;
  return <Waiting />;
}

function Failed({ of: failure, says }: { of?: unknown; says?: string }) {
  return (
    <section className="narrow">
      <h1>You are not signed in</h1>
      {says === undefined ? <Refusal of={failure} /> : <p className="note note-error" role="alert">{says}</p>}
      <Link className="button" to="/sign-in">
        Try again
      </Link>
    </section>
  );
}
