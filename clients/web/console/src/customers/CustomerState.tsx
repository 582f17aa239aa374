import { StatusChip } from "../ui/StatusChip";
import type { CustomerRecord } from "./calls";

const COLOURS = { STATE_UNSPECIFIED: "default", ACTIVE: "success", DEACTIVATED: "default", LOCKED: "error" } as const;

export function CustomerState({ state }: { state: CustomerRecord["state"] }) {
  return <StatusChip text={`resources.customers.states.${state}`} color={COLOURS[state]} />;
}
