import type { Money } from "@sanset/client/gen/google/type/money_pb.js";
import type { Product } from "@sanset/client/gen/sanset/v1/product_pb.js";
import { money, value } from "../format";

/** What a product costs: "from" where its variants differ, with the price of before where it is on offer. */
export function ProductPrice({ product }: { product: Product }) {
  const { priceRange } = product;
  const differ = priceRange !== undefined && value(priceRange.minPrice) < value(priceRange.maxPrice);
  if (differ) return <span className="price">from {money(priceRange.minPrice)}</span>;
  return <Price now={product.effectivePrice ?? product.price} before={product.compareAtPrice ?? product.price} />;
}

export function Price({ now, before }: { now: Money | undefined; before: Money | undefined }) {
  return (
    <span className="price">
      {money(now)}
      {value(before) > value(now) && (
        <>
          {" "}
          <s>
            <span className="hidden">before </span>
            {money(before)}
          </s>
        </>
      )}
    </span>
  );
}
