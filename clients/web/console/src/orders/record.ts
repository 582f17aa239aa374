// Orders as records.
import { type LineQuantity, type Order, Delivery_Option, OrderEvent_Canceller, Order_Status, type OrderEvent, type OrderItem, type Shipment } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { Dispute_Status, Payment_Method, Payment_Status } from "@sanset/client/gen/sanset/v1/payment_pb.js";
import type { Totals } from "@sanset/client/gen/sanset/v1/pricing_pb.js";
import { type Refund, Refund_Origin, Refund_Status } from "@sanset/client/gen/sanset/v1/refund_pb.js";
import type { Address } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { type Amount, readAmount, readId, readTime } from "../data/values";
import { spokenLanguage } from "../i18n/language";
import type { ConsoleRecord } from "../resource";

export type Status = keyof typeof Order_Status;

export interface OrderRecord extends ConsoleRecord {
  number: string;
  /** Empty for a guest. */
  userId: string;
  status: Status;
  itemCount: number;
  total: Amount | null;
  createTime: string | null;
  updateTime: string | null;
  deliverTime: string | null;
  eta: string | null;
  reservedUntil: string | null;
  delivery: keyof typeof Delivery_Option;
  couponCode: string;
  trackingNumber: string;
  payment: PaymentOfOrder | null;
  dispute: DisputeOfOrder | null;
  lines: Line[];
  totals: TotalsOfOrder;
  address: AddressOfOrder | null;
  parcels: Parcel[];
  /** The front end's own facts, as JSON; empty for none. */
  metadata: string;
}

export interface Line {
  productId: string;
  variantId: string;
  sku: string;
  name: string;
  options: string;
  quantity: number;
  refunded: number;
  returning: number;
  returned: number;
  shipped: number;
  price: Amount | null;
  discount: Amount | null;
  tax: Amount | null;
  total: Amount | null;
}

export interface PaymentOfOrder {
  method: keyof typeof Payment_Method;
  status: keyof typeof Payment_Status;
  gateway: string;
  gatewayId: string;
  captured: Amount | null;
  refunded: Amount | null;
  declined: string;
}

export interface DisputeOfOrder {
  status: keyof typeof Dispute_Status;
  amount: Amount | null;
  reason: string;
  respondBy: string | null;
}

export interface TotalsOfOrder {
  subtotal: Amount | null;
  discount: Amount | null;
  tax: Amount | null;
  shipping: Amount | null;
  total: Amount | null;
}

/** What lines are called, by variant: "Shirt, M, Red". */
export function namesOf(lines: readonly Line[] = []): ReadonlyMap<string, string> {
  return new Map(lines.map(({ variantId, name, options }) => [variantId, [name, options].filter(Boolean).join(", ")]));
}

export interface AddressOfOrder {
  lines: string[];
}

export interface Units {
  variantId: string;
  productId: string;
  quantity: number;
}

export interface Parcel {
  id: number;
  carrier: string;
  trackingNumber: string;
  trackingUrl: string;
  units: Units[];
  shipTime: string | null;
}

export interface Step {
  sequence: number;
  status: Status;
  message: string;
  location: string;
  time: string | null;
  cancelledBy: keyof typeof OrderEvent_Canceller;
  comment: string;
}

export interface RefundRecord {
  id: string;
  status: keyof typeof Refund_Status;
  origin: keyof typeof Refund_Origin;
  amount: Amount | null;
  units: Units[];
  reason: string;
  createTime: string | null;
}

export function readOrder(order: Order): OrderRecord {
  return {
    id: readId(order.id),
    etag: order.etag,
    number: order.number,
    userId: readId(order.userId),
    status: Order_Status[order.status] as Status,
    itemCount: order.itemCount,
    total: readAmount(order.totals?.total),
    createTime: readTime(order.createTime),
    updateTime: readTime(order.updateTime),
    deliverTime: readTime(order.deliverTime),
    eta: readTime(order.eta),
    reservedUntil: readTime(order.reservedUntil),
    delivery: Delivery_Option[order.deliveryOption] as keyof typeof Delivery_Option,
    couponCode: order.couponCode,
    trackingNumber: order.trackingNumber,
    payment: readPayment(order),
    dispute: readDispute(order),
    lines: order.items.map(readLine),
    totals: readTotals(order.totals),
    address: order.address ? readAddress(order.address) : null,
    parcels: order.shipments.map(readParcel),
    metadata: order.metadata && Object.keys(order.metadata).length > 0 ? JSON.stringify(order.metadata, null, 2) : "",
  };
}

export function readStep(event: OrderEvent): Step {
  return {
    sequence: event.sequence,
    status: Order_Status[event.status] as Status,
    message: event.message,
    location: event.location,
    time: readTime(event.time),
    cancelledBy: OrderEvent_Canceller[event.cancelledBy] as keyof typeof OrderEvent_Canceller,
    comment: event.comment,
  };
}

export function readRefund(refund: Refund): RefundRecord {
  return {
    id: readId(refund.id),
    status: Refund_Status[refund.status] as keyof typeof Refund_Status,
    origin: Refund_Origin[refund.origin] as keyof typeof Refund_Origin,
    amount: readAmount(refund.amount),
    units: refund.items.map(readUnits),
    reason: refund.reason,
    createTime: readTime(refund.createTime),
  };
}

export function readUnits(units: LineQuantity): Units {
  return { variantId: readId(units.variantId), productId: readId(units.productId), quantity: units.quantity };
}

function readLine(item: OrderItem): Line {
  return {
    productId: readId(item.productId),
    variantId: readId(item.variantId),
    sku: item.sku,
    name: item.name,
    options: item.options.map(({ value }) => value).join(", "),
    quantity: item.quantity,
    refunded: item.refundedQuantity,
    returning: item.returningQuantity,
    returned: item.returnedQuantity,
    shipped: item.shippedQuantity,
    price: readAmount(item.price),
    discount: readAmount(item.discount),
    tax: readAmount(item.tax),
    total: readAmount(item.total),
  };
}

function readPayment({ payment }: Order): PaymentOfOrder | null {
  if (payment === undefined) return null;
  return {
    method: Payment_Method[payment.method] as keyof typeof Payment_Method,
    status: Payment_Status[payment.status] as keyof typeof Payment_Status,
    gateway: payment.gateway,
    gatewayId: payment.gatewayId,
    captured: readAmount(payment.captured),
    refunded: readAmount(payment.refunded),
    declined: payment.declineMessage,
  };
}

function readDispute({ dispute }: Order): DisputeOfOrder | null {
  if (dispute === undefined) return null;
  return {
    status: Dispute_Status[dispute.status] as keyof typeof Dispute_Status,
    amount: readAmount(dispute.amount),
    reason: dispute.reason,
    respondBy: readTime(dispute.respondBy),
  };
}

function readTotals(totals: Totals | undefined): TotalsOfOrder {
  return {
    subtotal: readAmount(totals?.subtotal),
    discount: readAmount(totals?.discount),
    tax: readAmount(totals?.tax),
    shipping: readAmount(totals?.shipping),
    total: readAmount(totals?.total),
  };
}

/** Where the code stands behind the town, as it is written there. */
const CODE_LAST = ["US", "CA", "AU", "GB", "IN", "IE", "NZ"];

function townOf({ city, state, postalCode, country = "" }: Address): (string | undefined)[] {
  const words = (...parts: (string | undefined)[]) => parts.filter(Boolean);
  if (CODE_LAST.includes(country)) return [words(city, words(state, postalCode).join(" ")).join(", ")];
  return [words(postalCode, city).join(" "), state];
}

function nameOfCountry(code: string): string | undefined {
  return /^[A-Z]{2}$/.test(code) ? new Intl.DisplayNames(spokenLanguage(), { type: "region" }).of(code) : code;
}

function readAddress(address: Address): AddressOfOrder {
  const lines = [address.line1, address.line2, ...townOf(address), nameOfCountry(address.country ?? "")];
  return { lines: lines.filter((line): line is string => Boolean(line)) };
}

function readParcel(shipment: Shipment): Parcel {
  return {
    id: shipment.id,
    carrier: shipment.carrier,
    trackingNumber: shipment.trackingNumber,
    trackingUrl: shipment.trackingUrl,
    units: shipment.items.map(readUnits),
    shipTime: readTime(shipment.shipTime),
  };
}
