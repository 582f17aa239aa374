// Trained models as records, and the calls behind them.
import { type Model, Model_Type } from "@sanset/client/gen/sanset/v1/model_pb.js";
import type { ModelMetrics, ModelMetrics_Scores, OnlineMetrics } from "@sanset/client/gen/sanset/v1/model_metrics_pb.js";
import { ModelService } from "@sanset/client/gen/sanset/v1/model_service_pb.js";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { type Amount, readAmount, readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface ModelRecord extends ConsoleRecord {
  version: string;
  type: keyof typeof Model_Type;
  active: boolean;
  /** Whether it can be put into use. */
  available: boolean;
  metrics: Metrics;
  createTime: string | null;
  /** Seconds. */
  trainedFor: number;
  parameters: [name: string, value: string][];
  libraries: [name: string, version: string][];
  fingerprint: string;
}

export interface Scores {
  recall: number;
  ndcg: number;
  map: number;
  coverage: number;
  novelty: number;
}

export interface Metrics {
  model: Scores | null;
  popularity: Scores | null;
  serving: Scores | null;
  servingVersion: string;
  users: number;
  sources: [name: string, scores: Scores][];
  reorder: { auc: number; precision: number } | null;
}

export interface Online {
  since: string | null;
  lists: number;
  impressions: number;
  clicks: number;
  carts: number;
  purchases: number;
  clickRate: number;
  conversion: number;
  revenue: Amount[];
}

export const models = shop.of(ModelService);

export const calls: Calls<ModelRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await models.listModels({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await models.getModel({ modelId: toId(id) }, { signal }));
  },
};

/** What customers did with the recommendations of a model in the last `days` days. */
export async function onlineOf(id: string, days: number, signal: AbortSignal): Promise<Online | null> {
  const { online } = await models.getModelMetrics({ modelId: toId(id), days }, { signal });
  return online ? readOnline(online) : null;
}

export function activateModel(id: string) {
  return models.activateModel({ modelId: toId(id) });
}

export function startExperiment(id: string, percent: number, requestId: string) {
  return models.startExperiment({ challengerModelId: toId(id), challengerPercent: percent, requestId });
}

export function readOnline(online: OnlineMetrics): Online {
  return {
    since: readTime(online.startTime),
    lists: Number(online.listCount),
    impressions: Number(online.impressionCount),
    clicks: Number(online.clickCount),
    carts: Number(online.cartAdditionCount),
    purchases: Number(online.purchaseCount),
    clickRate: online.clickThroughRate,
    conversion: online.conversionRate,
    revenue: online.revenue.map(readAmount).filter((amount) => amount !== null),
  };
}

export function readMetrics(metrics: ModelMetrics | undefined): Metrics {
  const { reorder } = metrics ?? {};
  return {
    model: readScores(metrics?.model),
    popularity: readScores(metrics?.popularity),
    serving: readScores(metrics?.serving),
    servingVersion: metrics?.servingVersion ?? "",
    users: metrics?.userCount ?? 0,
    sources: Object.entries(metrics?.sources ?? {}).flatMap(([name, scores]) => {
      const read = readScores(scores);
      return read ? [[name, read] as [string, Scores]] : [];
    }),
    reorder: reorder ? { auc: reorder.auc, precision: reorder.averagePrecision } : null,
  };
}

function read(model: Model): ModelRecord {
  return {
    id: readId(model.id),
    version: model.version,
    type: Model_Type[model.type] as ModelRecord["type"],
    active: model.active,
    available: model.available,
    metrics: readMetrics(model.metrics),
    createTime: readTime(model.createTime),
    trainedFor: model.trainingDuration ? Math.round(durationMs(model.trainingDuration) / 1000) : 0,
    parameters: Object.entries(model.parameters).sort(),
    libraries: Object.entries(model.libraryVersions).sort(),
    fingerprint: model.dataFingerprint,
  };
}

function readScores(scores: ModelMetrics_Scores | undefined): Scores | null {
  if (scores === undefined) return null;
  return { recall: scores.recallAt20, ndcg: scores.ndcgAt20, map: scores.mapAt20, coverage: scores.coverage, novelty: scores.novelty };
}
