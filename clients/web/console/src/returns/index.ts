import AssignmentReturnIcon from "@mui/icons-material/AssignmentReturn";
import { OrderService } from "@sanset/client/gen/sanset/v1/order_service_pb.js";
import { RefundService } from "@sanset/client/gen/sanset/v1/refund_service_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { approveReturn } = RefundService.method;

/** Everybody's returns are the business of who moves orders, and of who decides about returns. */
const anyReturn = [approveReturn, OrderService.method.updateOrderStatus];

export const returns = defineResource({
  name: "returns",
  icon: AssignmentReturnIcon,
  group: "shop",
  messages: { en, de },
  access: { list: anyReturn, show: anyReturn, decide: approveReturn },
  calls,
  pages: { list: lazy(() => import("./ReturnList")), show: lazy(() => import("./ReturnShow")) },
  title: "id",
});
