import ModelTrainingIcon from "@mui/icons-material/ModelTraining";
import StopIcon from "@mui/icons-material/Stop";
import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, NumberInput, RadioButtonGroupInput, SelectInput, useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { ActionButton } from "../ui/ActionButton";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { Panel } from "../ui/Panel";
import { StatusChip } from "../ui/StatusChip";
import { momentText } from "../ui/time";
import { type TrainForm, type TrainingRecord, cancelTraining, lastTrainings, train, watchTraining } from "./calls";
import { en } from "./messages";

const T = "pages.recommendations.training";
const TRAININGS = ["recommendations", "trainings"];
const COLOURS = { STATUS_UNSPECIFIED: "default", RUNNING: "info", SUCCEEDED: "success", FAILED: "error", CANCELLED: "default" } as const;

/** Trainings, the last first; one that runs is followed live. */
export function TrainingPart() {
  const translate = useTranslate();
  const { data, error } = useQuery({ queryKey: TRAININGS, queryFn: ({ signal }) => refusing(lastTrainings(signal)) });
  const running = data?.find(({ status }) => status === "RUNNING");
  return (
    <Panel title={`${T}.title`} actions={running ? <CancelButton training={running} /> : <TrainButton />}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate(data?.length === 0 ? `${T}.none` : `${T}.hint`)}
      </Typography>
      {error && <Failure failure={error} />}
      {running && <Progress key={running.id} training={running} />}
      {data !== undefined && data.length > 0 && <Past trainings={data} />}
    </Panel>
  );
}

function Progress({ training }: { training: TrainingRecord }) {
  const translate = useTranslate();
  const [now, setNow] = useState(training);
  const queries = useQueryClient();
  useEffect(() => {
    const leaving = new AbortController();
    void follow();
    return () => leaving.abort();

    async function follow(): Promise<void> {
      for await (const state of watchTraining(training.id, leaving.signal)) setNow(state);
      if (!leaving.signal.aborted) await queries.invalidateQueries();
    }
  }, [training.id, queries]);
  return (
    <Box aria-live="polite" sx={{ my: 2 }}>
      <Typography variant="body2">{translate(`${T}.running`, { percent: now.percent, stage: now.message || now.stage })}</Typography>
      <LinearProgress variant="determinate" value={now.percent} aria-label={translate(`${T}.progress`)} sx={{ height: 8, borderRadius: 4 }} />
    </Box>
  );
}

function Past({ trainings }: { trainings: readonly TrainingRecord[] }) {
  const translate = useTranslate();
  return (
    <PlainTable
      label={`${T}.title`}
      rows={trainings}
      rowKey={({ id }) => id}
      columns={[
        { title: `${T}.began`, cell: ({ createTime }) => momentText(createTime) },
        { title: `${T}.type`, cell: ({ type }) => translate(`resources.models.types.${type}`) },
        {
          title: `${T}.result`,
          cell: ({ status, message }) => (
            <>
              <StatusChip text={`${T}.statuses.${status}`} color={COLOURS[status]} /> {status !== "RUNNING" && message}
            </>
          ),
        },
        { title: `${T}.model`, cell: ({ modelId }) => modelId && <Link to={`/models/${modelId}/show`}>{translate(`${T}.showModel`)}</Link> },
      ]}
    />
  );
}

function choices(of: Record<string, string>, under: string) {
  return Object.keys(of).map((id) => ({ id, name: `${under}.${id}` }));
}

const TYPES = (["ALL", "ALS", "COPURCHASE", "CONTENT", "REORDER", "SEGMENTS"] as const).map((id) => ({ id, name: `resources.models.types.${id}` }));

function TrainButton() {
  const translate = useTranslate();
  return (
    <ActionButton<TrainForm, unknown>
      label={`${T}.train`}
      variant="contained"
      icon={<ModelTrainingIcon />}
      action={{
        name: "recommendations.train",
        title: `${T}.train`,
        confirm: `${T}.train`,
        done: `${T}.started`,
        initial: { type: "ALL", preset: "PRESET_UNSPECIFIED", activation: "IF_NOT_WORSE" },
        call: train,
        children: (
          <>
            <SelectInput source="type" label={`${T}.type`} choices={TYPES} />
            <RadioButtonGroupInput source="activation" label={`${T}.activation`} row={false} choices={choices(en.training.activations, `${T}.activations`)} />
            <RadioButtonGroupInput source="preset" label={`${T}.preset`} row={false} choices={choices(en.training.presets, `${T}.presets`)} />
            <Typography variant="caption" color="text.secondary">
              {translate(`${T}.own`)}
            </Typography>
            <NumberInput source="factors" label={`${T}.factors`} min={1} max={512} step={1} />
            <NumberInput source="iterations" label={`${T}.iterations`} min={1} max={200} step={1} />
            <NumberInput source="regularization" label={`${T}.regularization`} min={0} />
            <NumberInput source="alpha" label={`${T}.alpha`} min={0} />
          </>
        ),
      }}
    />
  );
}

function CancelButton({ training }: { training: TrainingRecord }) {
  const translate = useTranslate();
  return (
    <ActionButton
      label={`${T}.cancel`}
      color="error"
      icon={<StopIcon />}
      action={{
        name: `recommendations.cancel/${training.id}`,
        title: `${T}.cancel`,
        confirm: `${T}.cancel`,
        color: "error",
        done: `${T}.cancelled`,
        call: () => cancelTraining(training.id),
        children: <Typography>{translate(`${T}.cancelHint`)}</Typography>,
      }}
    />
  );
}
