import { StatusChip } from "../ui/StatusChip";
import type { ModelRecord } from "./calls";

export function ModelState({ model: { active, available } }: { model: ModelRecord }) {
  const state = active ? "active" : available ? "available" : "gone";
  return <StatusChip text={`resources.models.states.${state}`} color={active ? "success" : "default"} />;
}
