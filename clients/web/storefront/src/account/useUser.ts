import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { User } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { queries, shop } from "../shop";

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
  if (shop.cartToken !== "") await shop.cart.syncCart({});
  await forget();
}

export async function signOut(): Promise<void> {
  await shop.logout();
  await forget();
}

/** What was read as somebody else is read anew. */
async function forget(): Promise<void> {
  queries.removeQueries({ queryKey: ["mine"] });
  await queries.invalidateQueries();
}
