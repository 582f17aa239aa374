// Passkeys: what the browser is asked for, and what the shop is told of its answer.
import { type Passkey, PasskeyService } from "@sanset/client/gen/sanset/v1/passkey_pb.js";
import { shop } from "../shop";
import { enter } from "./useUser";

export const passkeys = shop.of(PasskeyService);

/** Whether this browser has passkeys. It has none in pages without TLS, but on this very machine. */
export const passkeysWork = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

export async function signInByPasskey(): Promise<void> {
  const { optionsJson } = await passkeys.beginPasskeySignIn({});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(read(optionsJson));
  const credential = await navigator.credentials.get({ publicKey });
  await enter(await passkeys.finishPasskeySignIn({ credentialJson: JSON.stringify(credential) }));
}

export async function registerPasskey(name: string): Promise<Passkey> {
  const { optionsJson } = await passkeys.beginPasskeyRegistration({});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(read(optionsJson));
  const credential = await navigator.credentials.create({ publicKey });
  return passkeys.finishPasskeyRegistration({ credentialJson: JSON.stringify(credential), name });
}

/** Options are what the Web Authentication API says they are. */
function read<T>(json: string): T {
  return JSON.parse(json) as T;
}
