import { SansetError } from "@sanset/client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Field, Form, type Values } from "../ui/Form";
import { Refusal } from "../ui/Refusal";
import { leaveForProvider, listProviders } from "./federated";
import { passkeysWork, signInByPasskey } from "./passkeys";
import { signIn } from "./useUser";

/** Every way to sign in that there is; `done` is called when one succeeded, `next` is where a provider leads back. */
export function SignInForm({ done, next }: { done: () => void; next: string }) {
  const [secondFactor, setSecondFactor] = useState(false);

  async function send(values: Values) {
    try {
      await signIn(values.text("email"), values.secret("password"), values.text("code"));
    } catch (failure) {
      if (failure instanceof SansetError && failure.reason === "SECOND_FACTOR_REQUIRED") setSecondFactor(true);
      throw failure;
    }
    done();
  }

  return (
    <>
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
      <OtherWays done={done} next={next} />
    </>
  );
}

function OtherWays({ done, next }: { done: () => void; next: string }) {
  const { data: providers = [] } = useQuery({ queryKey: ["providers"], staleTime: Infinity, queryFn: listProviders });
  const passkey = useMutation({ mutationFn: signInByPasskey, onSuccess: done });
  const leave = useMutation({ mutationFn: (provider: string) => leaveForProvider({ provider, next }) });
  if (!passkeysWork && providers.length === 0) return null;
  return (
    <div className="ways">
      <p className="ways-or">or</p>
      <Refusal of={passkey.error ?? leave.error} />
      {passkeysWork && (
        <button className="button" onClick={() => passkey.mutate()} disabled={passkey.isPending}>
          Sign in with a passkey
        </button>
      )}
      {providers.map((provider) => (
        <button key={provider.name} className="button" onClick={() => leave.mutate(provider.name)} disabled={leave.isPending}>
          Go on with {provider.title}
        </button>
      ))}
    </div>
  );
}
