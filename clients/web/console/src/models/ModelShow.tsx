import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useRecordContext, useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { ShowPage } from "../ui/RecordPages";
import { Columns, Facts, Panel } from "../ui/Panel";
import { measureText } from "../ui/numbers";
import { momentText } from "../ui/time";
import { ModelActions } from "./ModelActions";
import { ModelState } from "./ModelState";
import { OnlineFacts } from "./OnlineFacts";
import { type ModelRecord, type Scores, onlineOf } from "./calls";

const T = "resources.models";
const DAYS = 30;

export default function ModelShow() {
  return (
    <ShowPage actions={<ModelActions />} component="div">
      <Page />
    </ShowPage>
  );
}

function Page() {
  const model = useRecordContext<ModelRecord>();
  if (model === undefined) return null;
  return (
    <Columns
      main={
        <>
          <Comparison model={model} />
          <Made model={model} />
        </>
      }
      side={<Response model={model} />}
    />
  );
}

function Comparison({ model: { metrics } }: { model: ModelRecord }) {
  const translate = useTranslate();
  const rows: { name: string; scores: Scores }[] = [
    ...row(translate(`${T}.compare.model`), metrics.model),
    ...row(translate(`${T}.compare.serving`, { version: metrics.servingVersion }), metrics.serving),
    ...row(translate(`${T}.compare.popularity`), metrics.popularity),
    ...metrics.sources.flatMap(([name, scores]) => row(translate(`${T}.compare.source`, { name: translate(`${T}.sources.${name}`, { _: name }) }), scores)),
  ];
  const measures = ["recall", "ndcg", "map", "coverage", "novelty"] as const;
  return (
    <Panel title={`${T}.compare.title`}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate(rows.length === 0 ? `${T}.compare.none` : `${T}.compare.hint`)}
      </Typography>
      {rows.length > 0 && (
        <PlainTable
          label={`${T}.compare.title`}
          rows={rows}
          rowKey={({ name }) => name}
          columns={[
            { title: `${T}.compare.what`, cell: ({ name }: { name: string }) => name },
            ...measures.map((measure) => ({
              title: `${T}.fields.${measure}`,
              cell: ({ scores }: { scores: Scores }) => measureText(scores[measure]),
              numeric: true,
            })),
          ]}
        />
      )}
      {metrics.reorder && (
        <Typography variant="body2" sx={{ mt: 1 }}>
          {translate(`${T}.compare.reorder`, { auc: measureText(metrics.reorder.auc), precision: measureText(metrics.reorder.precision) })}
        </Typography>
      )}
    </Panel>
  );
}

function row(name: string, scores: Scores | null) {
  return scores === null ? [] : [{ name, scores }];
}

function Response({ model }: { model: ModelRecord }) {
  const { data, error } = useQuery({
    queryKey: ["models", "online", model.id],
    queryFn: ({ signal }) => refusing(onlineOf(model.id, DAYS, signal)),
  });
  return (
    <Panel title={`${T}.online.title`} actions={<ModelState model={model} />}>
      {error && <Failure failure={error} />}
      {data !== undefined && <OnlineFacts online={data} />}
    </Panel>
  );
}

function Made({ model }: { model: ModelRecord }) {
  const translate = useTranslate();
  const pairs = (of: readonly (readonly [string, string])[]) => of.map(([name, value]) => `${name} ${value}`).join(", ");
  return (
    <Panel title={`${T}.made.title`}>
      <Facts
        rows={[
          [`${T}.fields.type`, translate(`${T}.types.${model.type}`)],
          [`${T}.fields.createTime`, momentText(model.createTime)],
          [`${T}.fields.trainedFor`, translate(`${T}.seconds`, { count: model.trainedFor })],
          [`${T}.fields.users`, translate(`${T}.usersMeasured`, { count: model.metrics.users })],
          [`${T}.made.parameters`, pairs(model.parameters)],
          [`${T}.made.libraries`, pairs(model.libraries)],
          [`${T}.fields.fingerprint`, model.fingerprint.slice(0, 16)],
        ]}
      />
    </Panel>
  );
}
