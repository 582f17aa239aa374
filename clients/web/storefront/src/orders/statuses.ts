import { Order_Status as Status } from "@sanset/client/gen/sanset/v1/order_pb.js";

const NAMES: Readonly<Record<Status, string>> = {
  [Status.STATUS_UNSPECIFIED]: "",
  [Status.PENDING_PAYMENT]: "Waiting for the payment",
  [Status.CONFIRMED]: "Confirmed",
  [Status.PROCESSING]: "Being packed",
  [Status.SHIPPED]: "On its way",
  [Status.DELIVERED]: "Delivered",
  [Status.CANCELLED]: "Cancelled",
  [Status.RETURN_REQUESTED]: "Return requested",
  [Status.RETURNED]: "Returned",
  [Status.REFUNDED]: "Paid back",
};

export function nameOf(status: Status): string {
  return NAMES[status] ?? "";
}

/** From the purchase to the door. */
export const WAY = [Status.CONFIRMED, Status.PROCESSING, Status.SHIPPED, Status.DELIVERED] as const;
