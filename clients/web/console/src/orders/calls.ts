// The calls behind orders.
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Order_Status } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { readAmount, toId, toMoney, toTime, type Amount } from "../data/values";
import { dayAfter as nextDay, firstMoment } from "../report/days";
import type { Calls } from "../resource";
import { shop } from "../shop";
import { type OrderRecord, type RefundRecord, type Status, type Units, readOrder, readRefund } from "./record";

export const calls: Calls<OrderRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const text = (name: string) => (typeof filter[name] === "string" ? filter[name] : "");
    const userId = toId(filter["userId"] as string | undefined);
    const page = await shop.orders.listOrders(
      {
        pageSize,
        pageToken,
        allUsers: userId === 0n,
        userId,
        number: text("number").trim(),
        status: Order_Status[(text("status") || "STATUS_UNSPECIFIED") as Status],
        ...placedBetween(filter["from"], filter["until"], filter["zone"]),
      },
      { signal },
    );
    return { items: page.items.map(readOrder), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return readOrder(await shop.orders.getOrder({ orderId: toId(id) }, { signal }));
  },

  fields: { from: "start_time", until: "end_time" },
};

/** Days, both included, as the reader's calendar has them, or where one is named as that of a time zone. */
export function placedBetween(from: unknown, until: unknown, zone?: unknown) {
  if (typeof zone === "string" && typeof from === "string" && typeof until === "string") {
    return {
      startTime: timestampFromDate(firstMoment(from, zone)),
      endTime: timestampFromDate(firstMoment(nextDay(until), zone)),
    };
  }
  const start = typeof from === "string" && from !== "" ? toTime(`${from}T00:00`) : undefined;
  const end = typeof until === "string" && until !== "" ? toTime(dayAfter(until)) : undefined;
  return { ...(start && { startTime: start }), ...(end && { endTime: end }) };
}

/** The refunds of an order, the newest first. */
export async function refundsOf(orderId: string, signal: AbortSignal): Promise<RefundRecord[]> {
  const page = await shop.refunds.listRefunds({ orderId: toId(orderId), pageSize: 100 }, { signal });
  return page.items.map(readRefund).reverse();
}

/** What is to be paid back: units, an amount, or all that is left. */
export interface Scope {
  readonly kind: "units" | "amount" | "all";
  readonly units: readonly Units[];
  readonly amount: Amount | null;
}

export interface RefundPreview {
  readonly amount: Amount | null;
  readonly tax: Amount | null;
  readonly shipping: Amount | null;
  readonly left: Amount | null;
}

export async function previewRefund(orderId: string, scope: Scope, signal: AbortSignal): Promise<RefundPreview> {
  const reply = await shop.refunds.previewRefund({ orderId: toId(orderId), ...toScope(scope) }, { signal });
  return {
    amount: readAmount(reply.amount),
    tax: readAmount(reply.tax),
    shipping: readAmount(reply.shipping),
    left: readAmount(reply.left),
  };
}

export interface RefundTerms extends Scope {
  readonly reason: string;
  readonly restock: boolean;
}

export function refundOrder({ id, etag }: OrderRecord, terms: RefundTerms, requestId: string) {
  const { reason, restock, kind } = terms;
  const rest = { reason, restock: restock && kind !== "amount", etag: etag ?? "", requestId };
  return shop.refunds.refundOrder({ orderId: toId(id), ...toScope(terms), ...rest });
}

/** A parcel as a form has it: `id` 0 for a new one. */
export interface ParcelValues {
  readonly id: number;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly trackingUrl?: string;
  readonly units: readonly Units[];
}

export interface Move {
  readonly status: Status;
  readonly message?: string;
  readonly location?: string;
  readonly eta?: string | null;
  readonly parcel?: ParcelValues;
}

export function moveOrder({ id, etag }: OrderRecord, move: Move, requestId: string) {
  const { parcel } = move;
  return shop.orders.updateOrderStatus({
    orderId: toId(id),
    status: Order_Status[move.status],
    message: move.message ?? "",
    location: move.location ?? "",
    eta: toTime(move.eta),
    etag: etag ?? "",
    requestId,
    ...(parcel && { shipment: { ...parcel, carrier: parcel.carrier ?? "", trackingNumber: parcel.trackingNumber ?? "", trackingUrl: parcel.trackingUrl ?? "", items: parcel.units.map(toUnits) } }),
  });
}

export function cancelOrder(orderId: string, reason: string, requestId: string) {
  return shop.refunds.cancelOrder({ orderId: toId(orderId), reason, requestId });
}

export function toUnits({ variantId, quantity }: Units) {
  return { variantId: toId(variantId), quantity };
}

function toScope({ kind, units, amount }: Scope) {
  if (kind === "all") return { all: true };
  if (kind === "units") return { items: units.filter(({ quantity }) => quantity > 0).map(toUnits) };
  const money = toMoney(amount);
  return money ? { amount: money } : {};
}

/** The first moment after a day, as the reader's clock goes. */
function dayAfter(day: string): Date {
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + 1);
  return date;
}
