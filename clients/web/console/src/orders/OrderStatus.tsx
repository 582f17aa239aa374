import type { ChipProps } from "@mui/material/Chip";
import { StatusChip } from "../ui/StatusChip";
import type { Status } from "./record";

const COLOURS: Partial<Record<Status, ChipProps["color"]>> = {
  PENDING_PAYMENT: "warning",
  CONFIRMED: "info",
  PROCESSING: "info",
  SHIPPED: "info",
  DELIVERED: "success",
  RETURN_REQUESTED: "warning",
};

export function OrderStatus({ status }: { status: Status }) {
  return <StatusChip text={`resources.orders.statuses.${status}`} color={COLOURS[status] ?? "default"} />;
}
