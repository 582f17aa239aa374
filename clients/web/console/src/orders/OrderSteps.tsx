import Box from "@mui/material/Box";
import Chip from "@mui/material/Chip";
import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";
import { Panel } from "../ui/Panel";
import { momentText } from "../ui/time";
import type { OrderRecord, Step } from "./record";
import { useSteps } from "./useSteps";

/** What happened, the last first; new steps appear by themselves. */
export function OrderSteps({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const { steps, live } = useSteps(order.id, order.updateTime);
  return (
    <Panel
      title="resources.orders.sections.steps"
      actions={live && <Chip size="small" color="success" variant="outlined" label={translate("resources.orders.live")} />}
    >
      <Box component="ol" aria-live="polite" sx={{ listStyle: "none", m: 0, p: 0 }}>
        {[...steps].reverse().map((step) => (
          <StepItem key={step.sequence} step={step} />
        ))}
      </Box>
      {steps.length === 0 && <Typography color="text.secondary">{translate("resources.orders.waiting")}</Typography>}
    </Panel>
  );
}

function StepItem({ step }: { step: Step }) {
  const translate = useTranslate();
  const place = [momentText(step.time), step.location].filter(Boolean).join(" · ");
  return (
    <Box component="li" sx={{ borderLeft: 2, borderColor: "primary.main", pl: 2, pb: 2 }}>
      <Typography variant="subtitle2" component="p">
        {translate(`resources.orders.statuses.${step.status}`)}
      </Typography>
      <Typography variant="body2">{step.message}</Typography>
      <Typography variant="caption" color="text.secondary">
        {place}
      </Typography>
    </Box>
  );
}
