import type { Tokens } from "@sanset/client/gen/sanset/v1/auth_pb.js";
import type { User } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { queries, shop, tell } from "../shop";

/** The user who is signed in, null while nobody is. */
export function useUser(): UseQueryResult<User | null> {
  return useQuery({
    queryKey: ["user"],
    queryFn: ({ signal }) => (shop.signedIn ? shop.users.getMe({}, { signal }) : null),
  });
}

/** Signs in, and takes what the guest put into the cart along. */
export async function signIn(email: string, password: string, code = ""): Promise<void> {
  await shop.login(email, password, code);
  await entered();
}

/** Signs in by the tokens of a passkey or a provider. */
export async function enter(tokens: Tokens): Promise<void> {
  shop.keep(tokens);
  await entered();
}

/** Signs out. Every tab begins anew, so that nothing of the user is left in any. */
export async function signOut({ allSessions = false } = {}): Promise<void> {
  await shop.logout({ allSessions });
  leave();
}

/** The account is no more, or the session. */
export function leave(): void {
  tell("left");
  window.location.assign("/");
}

async function entered(): Promise<void> {
  if (shop.cartToken !== "") await shop.cart.syncCart({});
  queries.removeQueries({ queryKey: ["mine"] });
  await queries.invalidateQueries();
}
