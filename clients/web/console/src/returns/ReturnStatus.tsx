import { StatusChip } from "../ui/StatusChip";
import type { ReturnRecord } from "./calls";

const COLOURS = { STATUS_UNSPECIFIED: "default", REQUESTED: "warning", APPROVED: "info", REJECTED: "default", RECEIVED: "success" } as const;

export function ReturnStatus({ status }: { status: ReturnRecord["status"] }) {
  return <StatusChip text={`resources.returns.statuses.${status}`} color={COLOURS[status]} />;
}
