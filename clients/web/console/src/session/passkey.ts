// Signing in by a passkey.
import { PasskeyService } from "@sanset/client/gen/sanset/v1/passkey_pb.js";
import { shop } from "../shop";

/** Whether this browser reads the shop's options; older ones do not. */
export const hasPasskeys =
  typeof PublicKeyCredential !== "undefined" && typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";

/** Has the browser ask for a passkey, and signs in by it. Rejects when the user gives none. */
export async function signInByPasskey(): Promise<void> {
  const passkeys = shop.of(PasskeyService);
  const { optionsJson } = await passkeys.beginPasskeySignIn({});
  const options = JSON.parse(optionsJson) as PublicKeyCredentialRequestOptionsJSON;
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("no passkey was given", "NotAllowedError");
  shop.keep(await passkeys.finishPasskeySignIn({ credentialJson: JSON.stringify(credential.toJSON()) }));
}
