import StopIcon from "@mui/icons-material/Stop";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { OnlineFacts } from "../models/OnlineFacts";
import { ActionButton } from "../ui/ActionButton";
import { Failure } from "../ui/Failure";
import { Panel } from "../ui/Panel";
import { StatusChip } from "../ui/StatusChip";
import { momentText } from "../ui/time";
import { type ExperimentRecord, endExperiment, experimentOf, lastExperiments } from "./calls";

const T = "pages.recommendations.experiments";

/** A/B tests of models, the last first. */
export function ExperimentPart() {
  const translate = useTranslate();
  const { data, error } = useQuery({
    queryKey: ["recommendations", "experiments"],
    queryFn: ({ signal }) => refusing(lastExperiments(signal)),
  });
  return (
    <Panel title={`${T}.title`}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate(`${T}.hint`)}
      </Typography>
      {error && <Failure failure={error} />}
      {data?.length === 0 && <Typography color="text.secondary">{translate(`${T}.none`)}</Typography>}
      {data?.map((experiment, index) => (
        <Item key={experiment.id} experiment={experiment} opened={index === 0} />
      ))}
    </Panel>
  );
}

function Item({ experiment, opened }: { experiment: ExperimentRecord; opened: boolean }) {
  const translate = useTranslate();
  const [open, setOpen] = useState(opened);
  const runs = experiment.status === "RUNNING";
  const span = { start: momentText(experiment.createTime), end: momentText(experiment.endTime) || translate(`${T}.now`) };
  return (
    <Box sx={{ borderTop: 1, borderColor: "divider", py: 1 }}>
      <Box sx={{ display: "flex", flexWrap: "wrap", gap: 1, alignItems: "center" }}>
        <StatusChip text={runs ? `${T}.running` : `${T}.ended`} color={runs ? "info" : "default"} />
        <Typography variant="body2" sx={{ flexGrow: 1 }}>
          {translate(`${T}.since`, span)}
        </Typography>
        <Button size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {translate(`${T}.report`)}
        </Button>
        {runs && <StopButton experiment={experiment} />}
      </Box>
      {open && <Report id={experiment.id} />}
    </Box>
  );
}

function Report({ id }: { id: string }) {
  const translate = useTranslate();
  const { data, error } = useQuery({
    queryKey: ["recommendations", "experiment", id],
    queryFn: ({ signal }) => refusing(experimentOf(id, signal)),
  });
  if (error) return <Failure failure={error} />;
  if (data === undefined) return null;
  const { controlId, challengerId, percent } = data;
  return (
    <Box sx={{ display: "grid", gap: 2, gridTemplateColumns: { xs: "1fr", md: "1fr 1fr" }, mt: 1 }}>
      <div>
        <Typography variant="subtitle2" component="h3">
          {translate(`${T}.control`, { id: controlId, percent: 100 - percent })}
        </Typography>
        <OnlineFacts online={data.control} />
      </div>
      <div>
        <Typography variant="subtitle2" component="h3">
          {translate(`${T}.challenger`, { id: challengerId, percent })}
        </Typography>
        <OnlineFacts online={data.challenger} />
      </div>
    </Box>
  );
}

function StopButton({ experiment }: { experiment: ExperimentRecord }) {
  const translate = useTranslate();
  return (
    <ActionButton
      label={`${T}.stop`}
      color="error"
      icon={<StopIcon />}
      action={{
        name: `recommendations.end/${experiment.id}`,
        title: `${T}.stop`,
        confirm: `${T}.stop`,
        color: "error",
        done: `${T}.stopped`,
        call: () => endExperiment(experiment.id),
        children: <Typography>{translate(`${T}.stopHint`)}</Typography>,
      }}
    />
  );
}
