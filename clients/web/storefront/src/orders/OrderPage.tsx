import { type Order, type OrderEvent, Order_Status as Status } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { lineOf } from "../account/useAddresses";
import { SignedIn } from "../account/SignedIn";
import { Totals } from "../cart/Totals";
import { day, moment, money } from "../format";
import { OptionsOf } from "../product/OptionsOf";
import { shop } from "../shop";
import { Loaded } from "../ui/Loaded";
import { NotFoundPage } from "../ui/PageFailure";
import { Refusal } from "../ui/Refusal";
import { useTitle } from "../ui/useTitle";
import { Refunds } from "./Refunds";
import { ReturnForm } from "./ReturnForm";
import { WAY, nameOf } from "./statuses";
import { orderChanged, useOrder, useSteps } from "./useOrder";

/** An order, live. */
export function OrderPage() {
  const { orderId = "" } = useParams();
  if (!/^[0-9]{1,18}$/.test(orderId)) return <NotFoundPage />;
  return <SignedIn>{() => <Followed orderId={BigInt(orderId)} />}</SignedIn>;
}

function Followed({ orderId }: { orderId: bigint }) {
  const order = useOrder(orderId);
  return <Loaded query={order}>{(data) => <Shown key={String(data.id)} order={data} />}</Loaded>;
}

function Shown({ order }: { order: Order }) {
  useTitle(`Order ${order.number}`);
  const isReturning = order.status === Status.RETURN_REQUESTED;
  const steps = useSteps(order.id, isReturning);
  return (
    <>
      <h1>Order {order.number}</h1>
      <Progress status={order.status} />
      <p role="status" className="order-news">
        <strong>{nameOf(order.status)}.</strong> {steps.at(-1)?.message}
        {isReturning && (
          <>
            {" "}
            <Link to="/account/returns">Your returns</Link>
          </>
        )}
        {order.eta && order.status !== Status.DELIVERED && order.status !== Status.CANCELLED && <> Expected by {day(order.eta)}.</>}
      </p>
      <div className="split">
        <div>
          <h2>What you bought</h2>
          <ul className="rows">
            {order.items.map((item) => (
              <li key={String(item.variantId)} className="row">
                <Link to={`/products/${item.productId}`}>
                  {item.quantity} × {item.name}
                  {item.refundedQuantity > 0 && <span className="tag">{item.refundedQuantity} paid back</span>}
                  {item.returningQuantity > 0 && <span className="tag">{item.returningQuantity} coming back</span>}
                  <OptionsOf line={item} />
                </Link>
                <span>{money(item.lineTotal)}</span>
              </li>
            ))}
          </ul>
          <Shipments order={order} />
          <Refunds orderId={order.id} />
          <Actions order={order} />
        </div>
        <aside className="summary" aria-label="Sum">
          <Totals of={order.totals} />
          {order.address && <p className="hint">To {lineOf(order.address)}</p>}
        </aside>
      </div>
      <Steps steps={steps} />
    </>
  );
}

function Progress({ status }: { status: Status }) {
  const reached = WAY.indexOf(status as (typeof WAY)[number]);
  if (reached < 0) return null;
  return (
    <ol className="progress" aria-label="How far it is">
      {WAY.map((step, index) => (
        <li key={step} className={index <= reached ? "reached" : ""} {...(index === reached && { "aria-current": "step" })}>
          {nameOf(step)}
        </li>
      ))}
    </ol>
  );
}

function Shipments({ order }: { order: Order }) {
  if (order.shipments.length === 0) return null;
  return (
    <>
      <h2>Parcels</h2>
      <ul className="rows">
        {order.shipments.map((parcel) => (
          <li key={parcel.id}>
            {parcel.carrier}{" "}
            {parcel.trackingUrl === "" ? (
              parcel.trackingNumber
            ) : (
              <a href={parcel.trackingUrl} rel="noreferrer">
                {parcel.trackingNumber || "Follow it"}
              </a>
            )}{" "}
            <span className="hint">{moment(parcel.shipTime)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Actions({ order }: { order: Order }) {
  const cancel = useMutation({
    mutationFn: () => shop.refunds.cancelOrder({ orderId: order.id }),
    onSuccess: () => orderChanged(order.id),
  });
  const [asked, setAsked] = useState(false);
  const cancellable = order.status === Status.PENDING_PAYMENT || order.status === Status.CONFIRMED;
  return (
    <div className="order-actions">
      {order.status === Status.PENDING_PAYMENT && order.payment?.paymentUrl && (
        <a className="button button-main" href={order.payment.paymentUrl}>
          Pay now
        </a>
      )}
      {cancellable && !asked && (
        <button className="button" onClick={() => setAsked(true)}>
          Cancel the order
        </button>
      )}
      {cancellable && asked && (
        <div className="note" role="group" aria-label="Cancel the order">
          <p>All of it is cancelled, and what you paid goes back to you.</p>
          <p className="row-actions">
            <button className="button" onClick={() => cancel.mutate()} disabled={cancel.isPending}>
              {cancel.isPending ? "Cancelling …" : "Yes, cancel it"}
            </button>
            <button className="link" onClick={() => setAsked(false)} autoFocus>
              No, keep it
            </button>
          </p>
        </div>
      )}
      <Refusal of={cancel.error} />
      {order.status === Status.DELIVERED && <ReturnForm order={order} />}
    </div>
  );
}

function Steps({ steps }: { steps: readonly OrderEvent[] }) {
  return (
    <section>
      <h2>What happened</h2>
      <ol className="steps">
        {steps.map((step) => (
          <li key={step.sequence}>
            <span className="hint">{moment(step.time)}</span> {step.message}
          </li>
        ))}
      </ol>
    </section>
  );
}
