import ShoppingBagIcon from "@mui/icons-material/ShoppingBag";
import { OrderService } from "@sanset/client/gen/sanset/v1/order_service_pb.js";
import { RefundService } from "@sanset/client/gen/sanset/v1/refund_service_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { updateOrderStatus, exportOrders } = OrderService.method;
const { refundOrder } = RefundService.method;

/** Everybody's orders are the business of who moves them, and of who pays them back. */
const anyOrder = [updateOrderStatus, refundOrder];

export const orders = defineResource({
  name: "orders",
  icon: ShoppingBagIcon,
  group: "shop",
  messages: { en, de },
  access: { list: anyOrder, show: anyOrder, cancel: anyOrder, move: updateOrderStatus, refund: refundOrder, export: exportOrders },
  calls,
  pages: { list: lazy(() => import("./OrderList")), show: lazy(() => import("./OrderShow")) },
  title: "number",
});
