import { type Product, Product_StockStatus as StockStatus } from "@sanset/client/gen/sanset/v1/product_pb.js";
import type { Variant } from "@sanset/client/gen/sanset/v1/variant_pb.js";
import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";
import { useUser } from "../account/useUser";
import { cartChanged } from "../cart/useCart";
import { queries, shop } from "../shop";
import { Refusal } from "../ui/Refusal";

/** Puts a product into the cart, or on the wishlist. `missing` names the options that have still to be chosen. */
export function AddToCart({
  product,
  variant,
  missing,
  via,
}: {
  product: Product;
  variant: Variant | undefined;
  missing: readonly string[];
  via: string;
}) {
  const user = useUser();
  const item = { productId: product.id, variantId: variant?.id ?? 0n };
  const add = useMutation({
    mutationFn: () => shop.cart.addItem({ ...item, quantity: 1, attributionToken: via }),
    onSuccess: cartChanged,
  });
  const wish = useMutation({
    mutationFn: () => shop.cart.addToWishlist(item),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["mine", "wishlist"] }),
  });
  const soldOut = (variant?.stockStatus ?? product.stockStatus) === StockStatus.OUT_OF_STOCK;
  return (
    <div className="buy">
      <p className="buy-buttons">
        <button className="button button-main" onClick={() => add.mutate()} disabled={missing.length > 0 || soldOut || add.isPending}>
          {add.isPending ? "Adding …" : missing.length === 0 ? "Add to the cart" : `Choose ${missing.join(" and ")}`}
        </button>
        {user.data && (
          <button className="button" onClick={() => wish.mutate()} disabled={wish.isPending}>
            {wish.isSuccess ? "On your wishlist ♥" : "Wishlist ♡"}
          </button>
        )}
      </p>
      <p role="status">
        {add.isSuccess && (
          <>
            It is in your cart. <Link to="/cart">To the cart</Link>
          </>
        )}
      </p>
      <Refusal of={add.error ?? wish.error} />
    </div>
  );
}
