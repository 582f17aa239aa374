import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { cartChanged } from "../cart/useCart";
import { money } from "../format";
import { ProductPicture } from "../product/ProductPicture";
import { queries, shop } from "../shop";
import { Loaded } from "../ui/Loaded";
import { Refusal } from "../ui/Refusal";
import { useTitle } from "../ui/useTitle";

export function WishlistPage() {
  useTitle("Wishlist");
  const wishes = useQuery({
    queryKey: ["mine", "wishlist"],
    queryFn: ({ signal }) => shop.cart.listWishlist({ pageSize: 100 }, { signal }),
  });
  const changed = () => queries.invalidateQueries({ queryKey: ["mine", "wishlist"] });
  const remove = useMutation({
    mutationFn: (productId: bigint) => shop.cart.removeFromWishlist({ productId }),
    onSuccess: changed,
  });
  const move = useMutation({
    mutationFn: (productId: bigint) => shop.cart.moveToCart({ productId }),
    onSuccess: async (cart) => {
      cartChanged(cart);
      await changed();
    },
  });
  return (
    <section>
      <h1>Wishlist</h1>
      <Refusal of={move.error ?? remove.error} />
      <Loaded query={wishes}>
        {({ items }) => (
          <ul className="rows">
            {items.length === 0 && <li>Nothing yet. The heart on a product's page puts it here.</li>}
            {items.map((wish) => (
              <li key={`${wish.productId}-${wish.variantId}`} className="row">
                <Link className="line-product" to={`/products/${wish.productId}`}>
                  <ProductPicture name={wish.name} url={wish.productImage} size={64} />
                  <span>
                    {wish.name}
                    <br />
                    <strong>{money(wish.price)}</strong>
                    {!wish.available && <span className="tag">Not to be had now</span>}
                  </span>
                </Link>
                <span className="row-actions">
                  <button className="button" disabled={!wish.available} onClick={() => move.mutate(wish.productId)}>
                    Into the cart
                  </button>
                  <button className="link" onClick={() => remove.mutate(wish.productId)} aria-label={`Remove ${wish.name}`}>
                    Remove
                  </button>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
