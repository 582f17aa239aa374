import { useTitle } from "../../ui/useTitle";
import { SignedIn } from "../SignedIn";
import { ConfirmAddress } from "./ConfirmAddress";
import { Identities } from "./Identities";
import { Passkeys } from "./Passkeys";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

/** By what an account is signed in to, and where it is. */
export function SecurityPage() {
  useTitle("Security");
  return (
    <SignedIn>
      {(user) => (
        <section className="security">
          <h1>Security</h1>
          {!user.isVerified && <ConfirmAddress email={user.email ?? ""} />}
          <SecondFactor />
          <Passkeys />
          <Identities />
          <Sessions />
        </section>
      )}
    </SignedIn>
  );
}
