import { StatusChip } from "../ui/StatusChip";
import type { WebhookRecord } from "./calls";

export function WebhookState({ webhook: { active, disabledReason } }: { webhook: WebhookRecord }) {
  if (active) return <StatusChip text="resources.webhooks.states.on" color="success" />;
  if (disabledReason !== "") return <StatusChip text="resources.webhooks.states.disabled" color="error" />;
  return <StatusChip text="resources.webhooks.states.off" />;
}
