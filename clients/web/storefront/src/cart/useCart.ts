import type { Cart } from "@sanset/client/gen/sanset/v1/cart_pb.js";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { queries, shop, tell } from "../shop";

const KEY = ["mine", "cart"];

/** The cart: the user's, or that of a guest. */
export function useCart(): UseQueryResult<Cart> {
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => shop.cart.getCart({}, { signal }) });
}

/** Shows the cart that a change of it was answered with. */
export function cartChanged(cart: Cart): void {
  queries.setQueryData(KEY, cart);
  tell("cart");
}

/** The cart became an order. */
export function cartGone(): Promise<void> {
  tell("cart");
  return queries.invalidateQueries({ queryKey: KEY });
}
