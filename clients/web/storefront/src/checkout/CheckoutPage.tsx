import { Delivery_Option as DeliveryOption } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { Payment_Method as Method } from "@sanset/client/gen/sanset/v1/payment_pb.js";
import { SansetError } from "@sanset/client";
import type { Address } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { AddressForm } from "../account/AddressForm";
import { SignedIn } from "../account/SignedIn";
import { lineOf, useAddresses } from "../account/useAddresses";
import { Totals } from "../cart/Totals";
import { cartGone } from "../cart/useCart";
import { day, isPositive, money } from "../format";
import { messageOf, queries, shop } from "../shop";
import { OptionsOf } from "../product/OptionsOf";
import { GiftCard } from "./GiftCard";
import { Loaded } from "../ui/Loaded";
import { useTitle } from "../ui/useTitle";

const DELIVERIES = [
  [DeliveryOption.STANDARD, "Standard"],
  [DeliveryOption.EXPRESS, "Express"],
] as const;

const PAYMENTS = [
  [Method.CARD, "Card"],
  [Method.UPI, "UPI"],
  [Method.GIFT_CARD, "Gift card"],
] as const;

export function CheckoutPage() {
  useTitle("Check out");
  return (
    <SignedIn>
      {() => (
        <>
          <h1>Check out</h1>
          <Addressed />
        </>
      )}
    </SignedIn>
  );
}

function Addressed() {
  const addresses = useAddresses();
  return (
    <Loaded query={addresses}>
      {(items) =>
        items.length === 0 ? (
          <section className="narrow">
            <h2>Where does it go?</h2>
            <AddressForm saved={() => undefined} />
          </section>
        ) : (
          <Purchase addresses={items} />
        )
      }
    </Loaded>
  );
}

function Purchase({ addresses }: { addresses: readonly Address[] }) {
  const [addressId, setAddressId] = useState(addresses[0]!.id);
  const [deliveryOption, setDeliveryOption] = useState<DeliveryOption>(DeliveryOption.STANDARD);
  const [paymentMethod, setPaymentMethod] = useState<Method>(Method.CARD);
  const [giftCard, setGiftCard] = useState("");
  const [adding, setAdding] = useState(false);
  const preview = usePreview(addressId, deliveryOption);
  const { buy, busy, refusal } = usePurchase();
  const paymentToken = paymentMethod === Method.GIFT_CARD ? giftCard.trim() : "";

  return (
    <div className="split">
      <div>
        <fieldset className="choice">
          <legend>Where does it go?</legend>
          {addresses.map((address) => (
            <label key={String(address.id)}>
              <input type="radio" name="address" checked={address.id === addressId} onChange={() => setAddressId(address.id)} />
              <span>{lineOf(address)}</span>
            </label>
          ))}
          {!adding && (
            <button className="link" type="button" onClick={() => setAdding(true)}>
              Another address
            </button>
          )}
        </fieldset>
        {adding && (
          <AddressForm
            saved={(id) => {
              setAddressId(id);
              setAdding(false);
            }}
          />
        )}
        <fieldset className="choice">
          <legend>How does it come?</legend>
          {DELIVERIES.map(([option, label]) => (
            <label key={option}>
              <input
                type="radio"
                name="delivery"
                checked={option === deliveryOption}
                onChange={() => setDeliveryOption(option)}
              />
              <span>
                {label} <Terms addressId={addressId} option={option} />
              </span>
            </label>
          ))}
        </fieldset>
        <fieldset className="choice">
          <legend>How do you pay?</legend>
          {PAYMENTS.map(([method, label]) => (
            <label key={method}>
              <input type="radio" name="payment" checked={method === paymentMethod} onChange={() => setPaymentMethod(method)} />
              <span>{label}</span>
            </label>
          ))}
          {paymentMethod === Method.GIFT_CARD && <GiftCard code={giftCard} changed={setGiftCard} />}
        </fieldset>
      </div>
      <aside className="summary" aria-label="Sum">
        <Loaded query={preview}>
          {({ items, totals }) => (
            <>
              <ul className="rows rows-tight">
                {items.map((item) => (
                  <li key={String(item.id)} className="row">
                    <span>
                      {item.quantity} × {item.name}
                      <OptionsOf line={item} />
                    </span>
                    <span>{money(item.lineTotal)}</span>
                  </li>
                ))}
              </ul>
              <Totals of={totals} />
              {refusal !== undefined && (
                <p className="note note-error" role="alert">
                  {messageOf(refusal)} {refusal instanceof SansetError && refusal.reason === "CART_EMPTY" && <Link to="/cart">To the cart</Link>}
                </p>
              )}
              <button
                className="button button-main"
                disabled={busy || preview.isPlaceholderData}
                onClick={() => void buy({ addressId, deliveryOption, paymentMethod, paymentToken, expectedTotal: totals?.total })}
              >
                {busy ? "Buying …" : `Buy for ${money(totals?.total)}`}
              </button>
            </>
          )}
        </Loaded>
      </aside>
    </div>
  );
}

function usePreview(addressId: bigint, deliveryOption: DeliveryOption) {
  return useQuery({
    queryKey: ["mine", "preview", String(addressId), deliveryOption],
    gcTime: 0,
    staleTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => shop.orders.previewCheckout({ addressId, deliveryOption }, { signal }),
  });
}

/** By when it comes, and for how much, also where it is not chosen. */
function Terms({ addressId, option }: { addressId: bigint; option: DeliveryOption }) {
  const { data } = usePreview(addressId, option);
  if (data?.eta === undefined) return null;
  const fee = data.totals?.shipping;
  return (
    <span className="hint">
      by {day(data.eta)}, {isPositive(fee) ? money(fee) : "free"}
    </span>
  );
}

type Choices = Pick<Parameters<typeof shop.orders.checkout>[0], "addressId" | "deliveryOption" | "paymentMethod" | "paymentToken"> & {
  expectedTotal: { currencyCode: string; units: bigint; nanos: number } | undefined;
};

/** Buys once, however often it is clicked: an attempt whose end is not known is repeated under the same id. */
function usePurchase() {
  const navigate = useNavigate();
  const requestId = useRef<string>(undefined);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<unknown>();

  async function buy({ expectedTotal, ...choices }: Choices) {
    if (busy) return;
    setBusy(true);
    setRefusal(undefined);
    requestId.current ??= crypto.randomUUID();
    try {
      const purchase = { ...choices, requestId: requestId.current, ...(expectedTotal && { expectedTotal }) };
      const { orderId, paymentUrl } = await shop.orders.checkout(purchase);
      await Promise.all([cartGone(), queries.invalidateQueries({ queryKey: ["mine", "orders"] })]);
      if (paymentUrl === "") await navigate(`/orders/${orderId}`, { replace: true });
      else window.location.assign(paymentUrl);
    } catch (failure) {
      if (isFinal(failure)) requestId.current = undefined;
      setRefusal(failure);
      await queries.invalidateQueries({ queryKey: ["mine", "preview"] });
    } finally {
      setBusy(false);
    }
  }
  return { buy, busy, refusal };
}

/** Whether the shop said no: then the next attempt is another purchase. */
function isFinal(failure: unknown): boolean {
  return failure instanceof SansetError && failure.reason !== "";
}
