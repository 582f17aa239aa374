import type { Cart, CartItem } from "@sanset/client/gen/sanset/v1/cart_pb.js";
import { GetRecommendationsRequest_Context as Context } from "@sanset/client/gen/sanset/v1/recommend_pb.js";
import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";
import { useUser } from "../account/useUser";
import { count, money } from "../format";
import { OptionsOf, lineName } from "../product/OptionsOf";
import { ProductPicture } from "../product/ProductPicture";
import { Recommended } from "../product/Recommended";
import { shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { Loaded } from "../ui/Loaded";
import { Refusal } from "../ui/Refusal";
import { useTitle } from "../ui/useTitle";
import { Points } from "./Points";
import { Totals } from "./Totals";
import { cartChanged, useCart } from "./useCart";

export function CartPage() {
  useTitle("Cart");
  const cart = useCart();
  return (
    <>
      <h1>Cart</h1>
      <Loaded query={cart}>{(data) => (data.items.length === 0 ? <Empty /> : <Filled cart={data} />)}</Loaded>
      <Recommended title={cart.data?.items.length ? "Goes well with it" : "You might like these"} of={{ context: Context.CART }} />
    </>
  );
}

function Empty() {
  return (
    <div className="empty">
      <p>Your cart is empty.</p>
      <Link className="button" to="/">
        Look around
      </Link>
    </div>
  );
}

function Filled({ cart }: { cart: Cart }) {
  const buyable = cart.items.every((item) => item.available);
  return (
    <div className="split">
      <div>
        {cart.changes.length > 0 && (
          <ul className="note note-warning" role="status">
            {cart.changes.map((change, index) => (
              <li key={index}>{change.message}</li>
            ))}
          </ul>
        )}
        <ul className="rows">
          {cart.items.map((item) => (
            <Line key={String(item.id)} item={item} />
          ))}
        </ul>
      </div>
      <aside className="summary" aria-label="Sum">
        <Coupon cart={cart} />
        <Points cart={cart} />
        <Totals of={cart.totals} />
        {buyable ? (
          <Link className="button button-main" to="/checkout">
            Check out
          </Link>
        ) : (
          <p className="note note-warning">Remove what cannot be had any more to check out.</p>
        )}
        <p className="hint">{count(cart.itemCount, "item")}</p>
      </aside>
    </div>
  );
}

function Line({ item }: { item: CartItem }) {
  const change = useMutation({
    mutationFn: (quantity: number) => shop.cart.updateItem({ itemId: item.id, quantity }),
    onSuccess: cartChanged,
  });
  const remove = useMutation({
    mutationFn: () => shop.cart.removeItem({ target: { case: "itemId", value: item.id } }),
    onSuccess: cartChanged,
  });
  const most = Math.max(item.quantity, Math.min(item.maxQuantity > 0 ? item.maxQuantity : 20, item.stock, 20));
  return (
    <li className="row cart-line">
      <Link className="line-product" to={`/p/${item.slug}`}>
        <ProductPicture name={item.productName} url={item.productImage} size={80} />
        <span>
          {item.name}
          <OptionsOf line={item} />
          {!item.available && <span className="tag tag-warning">Not to be had now</span>}
        </span>
      </Link>
      <span className="row-actions">
        <label>
          <span className="hidden">How many of {lineName(item)}</span>
          <select
            value={change.isPending ? change.variables : item.quantity}
            disabled={change.isPending}
            onChange={(event) => change.mutate(Number(event.target.value))}
          >
            {Array.from({ length: most }, (_, index) => index + 1).map((quantity) => (
              <option key={quantity}>{quantity}</option>
            ))}
          </select>
        </label>
        <strong className="line-total">{money(item.lineTotal)}</strong>
        <button className="link" onClick={() => remove.mutate()} aria-label={`Remove ${lineName(item)}`}>
          Remove
        </button>
      </span>
      <Refusal of={change.error ?? remove.error} />
    </li>
  );
}

function Coupon({ cart }: { cart: Cart }) {
  const user = useUser();
  const remove = useMutation({ mutationFn: () => shop.cart.removeCoupon({}), onSuccess: cartChanged });
  if (!user.data) return null;
  if (cart.couponCode !== "") {
    return (
      <div className="coupon">
        <p>
          Coupon <strong>{cart.couponCode}</strong>{" "}
          <button className="link" onClick={() => remove.mutate()}>
            Remove
          </button>
        </p>
        {cart.couponFailure && <p className="note note-warning">{cart.couponFailure.message}</p>}
      </div>
    );
  }
  async function apply(values: Values) {
    cartChanged(await shop.cart.applyCoupon({ code: values.text("code") }));
  }
  return (
    <Form className="form form-row" send={apply} label="Apply">
      <Field label="Coupon" name="code" autoComplete="off" />
    </Form>
  );
}
