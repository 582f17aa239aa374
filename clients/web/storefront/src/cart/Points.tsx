import type { Cart } from "@sanset/client/gen/sanset/v1/cart_pb.js";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useUser } from "../account/useUser";
import { isPositive, money } from "../format";
import { shop } from "../shop";
import { Refusal } from "../ui/Refusal";
import { cartChanged } from "./useCart";

/** Takes the user's points off what is to be paid; nothing for guests, and where there are none. */
export function Points({ cart }: { cart: Cart }) {
  const { data: user } = useUser();
  const { data: loyalty } = useQuery({
    queryKey: ["mine", "loyalty"],
    enabled: Boolean(user),
    queryFn: ({ signal }) => shop.promotions.getLoyalty({}, { signal }),
  });
  const redeem = useMutation({
    mutationFn: (use: boolean) =>
      shop.cart.redeemPoints({ amount: use ? { case: "all", value: true } : { case: "points", value: 0n } }),
    onSuccess: cartChanged,
  });
  const used = cart.points > 0n;
  if (!user || loyalty === undefined || !(used || isPositive(loyalty.value))) return null;
  return (
    <div className="points">
      <label className="check">
        <input
          type="checkbox"
          checked={redeem.isPending ? redeem.variables : used}
          disabled={redeem.isPending}
          onChange={(event) => redeem.mutate(event.target.checked)}
        />
        <span>
          Pay with {String(loyalty.points)} points, worth {money(loyalty.value)}
        </span>
      </label>
      <Refusal of={redeem.error} />
    </div>
  );
}
