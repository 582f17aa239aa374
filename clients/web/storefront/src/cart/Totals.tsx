import type { Totals as TotalsMessage } from "@sanset/client/gen/sanset/v1/pricing_pb.js";
import { isPositive, money } from "../format";

/** What is to be paid, and what it is made of. */
export function Totals({ of: totals }: { of: TotalsMessage | undefined }) {
  if (totals === undefined) return null;
  const reductions: [string, typeof totals.discount][] = [
    ["Offers", totals.productDiscount],
    ["Your tier", totals.tierDiscount],
    ["Coupon", totals.couponDiscount],
    ["Points", totals.pointsDiscount],
  ];
  return (
    <dl className="totals">
      <dt>Goods</dt>
      <dd>{money(totals.subtotal)}</dd>
      {reductions.map(
        ([name, amount]) =>
          isPositive(amount) && (
            <div key={name} className="totals-row">
              <dt>{name}</dt>
              <dd>−{money(amount)}</dd>
            </div>
          ),
      )}
      <dt>Shipping</dt>
      <dd>{isPositive(totals.shipping) ? money(totals.shipping) : "Free"}</dd>
      <dt>Tax</dt>
      <dd>{money(totals.tax)}</dd>
      <dt className="totals-sum">Total</dt>
      <dd className="totals-sum">{money(totals.total)}</dd>
    </dl>
  );
}
