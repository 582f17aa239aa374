// Signing in at an OpenID provider: there and back. What this browser alone knows of it stays in the tab.
import { type IdentityProvider, IdentityService } from "@sanset/client/gen/sanset/v1/identity_pb.js";
import { shop } from "../shop";
import { enter } from "./useUser";

export const identities = shop.of(IdentityService);

const KEY = "sanset.flow";
/** Where providers send users back. The shop's settings name it among the `redirect_uris`. */
const BACK = `${window.location.origin}/signed-in`;

interface Flow {
  readonly state: string;
  readonly flowSecret: string;
  /** The page to go to afterwards. */
  readonly next: string;
  /** Whether an identity is linked to an account, or somebody signs in. */
  readonly links: boolean;
}

export async function listProviders(): Promise<IdentityProvider[]> {
  return (await identities.listIdentityProviders({ pageSize: 100 })).items;
}

/** Sends the user to a provider, to sign in or, with `links`, to link what they are there. */
export async function leaveForProvider({ provider, next, links = false }: { provider: string; next: string; links?: boolean }): Promise<void> {
  const request = { provider, redirectUri: BACK };
  const started = links ? await identities.startIdentityLink(request) : await identities.startFederatedSignIn(request);
  const flow: Flow = { state: started.state, flowSecret: started.flowSecret, next, links };
  sessionStorage.setItem(KEY, JSON.stringify(flow));
  window.location.assign(started.authorizationUrl);
}

/** The flow that a user comes back from; undefined where this tab has begun none with that state. */
export function flowOf(back: URLSearchParams): Flow | undefined {
  const text = sessionStorage.getItem(KEY);
  const flow = text === null ? undefined : (JSON.parse(text) as Flow);
  return flow !== undefined && flow.state === back.get("state") ? flow : undefined;
}

/** Finishes what was begun. Rejects with SECOND_FACTOR_REQUIRED until it gets a `code` of the account. */
export async function finish(flow: Flow, back: URLSearchParams, code: string): Promise<void> {
  const { state, flowSecret } = flow;
  const answer = { state, flowSecret, authorizationCode: back.get("code") ?? "", issuer: back.get("iss") ?? "" };
  if (flow.links) await identities.linkIdentity(answer);
  else await enter(await identities.finishFederatedSignIn({ ...answer, secondFactorCode: code }));
  sessionStorage.removeItem(KEY);
}
