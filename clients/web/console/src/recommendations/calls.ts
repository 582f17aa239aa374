// Trainings, experiments, and the list that a customer gets.
import { Experiment_Status, Model_Type, type Experiment, type Training, Training_Status } from "@sanset/client/gen/sanset/v1/model_pb.js";
import { TrainModelRequest_Activation, TrainModelRequest_Preset } from "@sanset/client/gen/sanset/v1/model_service_pb.js";
import { GetRecommendationsRequest_Context, type ProductCard } from "@sanset/client/gen/sanset/v1/recommend_pb.js";
import { type Amount, readAmount, readId, readTime, toId } from "../data/values";
import { type Online, models, readOnline } from "../models/calls";
import { shop } from "../shop";

export interface TrainingRecord {
  id: string;
  status: keyof typeof Training_Status;
  stage: string;
  percent: number;
  message: string;
  modelId: string;
  type: keyof typeof Model_Type;
  createTime: string | null;
  endTime: string | null;
}

export interface TrainForm {
  type: "ALL" | "ALS" | "COPURCHASE" | "CONTENT" | "REORDER" | "SEGMENTS";
  preset: "PRESET_UNSPECIFIED" | "TUNED";
  activation: "IF_NOT_WORSE" | "ALWAYS" | "NEVER";
  factors?: number | null;
  iterations?: number | null;
  regularization?: number | null;
  alpha?: number | null;
}

export function train(form: TrainForm, requestId: string) {
  return models.trainModel({
    modelType: Model_Type[form.type],
    activation: TrainModelRequest_Activation[form.activation],
    parameters: {
      preset: TrainModelRequest_Preset[form.preset],
      factors: form.factors ?? 0,
      iterations: form.iterations ?? 0,
      ...(form.regularization != null && { regularization: form.regularization }),
      ...(form.alpha != null && { alpha: form.alpha }),
    },
    requestId,
  });
}

export function cancelTraining(id: string) {
  return models.cancelTraining({ trainingId: toId(id) });
}

export async function lastTrainings(signal: AbortSignal): Promise<TrainingRecord[]> {
  const page = await models.listTrainings({ pageSize: 5 }, { signal });
  return page.items.map(readTraining);
}

/** Between a stream that was cut and the next. */
const PAUSE_MS = 2_000;

/** Yields how a training stands, then each change, until it has ended or `signal` is aborted; over streams that are cut. */
export async function* watchTraining(id: string, signal: AbortSignal): AsyncGenerator<TrainingRecord> {
  while (!signal.aborted) {
    try {
      for await (const { content } of models.watchTraining({ trainingId: toId(id) }, { signal })) {
        if (content.case === "training") yield readTraining(content.value);
        if (content.case === "training" && content.value.status !== Training_Status.RUNNING) return;
        if (content.case === "end") return;
      }
    } catch {
      // The next stream begins with how it stands then.
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

export interface ExperimentRecord {
  id: string;
  status: keyof typeof Experiment_Status;
  controlId: string;
  challengerId: string;
  percent: number;
  createTime: string | null;
  endTime: string | null;
  control: Online | null;
  challenger: Online | null;
}

export async function lastExperiments(signal: AbortSignal): Promise<ExperimentRecord[]> {
  const page = await models.listExperiments({ pageSize: 10 }, { signal });
  return page.items.map(readExperiment);
}

export async function experimentOf(id: string, signal: AbortSignal): Promise<ExperimentRecord> {
  return readExperiment(await models.getExperiment({ experimentId: toId(id) }, { signal }));
}

export function endExperiment(id: string) {
  return models.endExperiment({ experimentId: toId(id) });
}

export interface Recommended {
  productId: string;
  name: string;
  price: Amount | null;
  score: number;
  reason: string;
  source: string;
}

export interface RecommendedList {
  modelVersion: string;
  items: Recommended[];
}

/** What a customer gets on the front page, and why. */
export async function listFor(userId: string, signal: AbortSignal): Promise<RecommendedList> {
  const context = GetRecommendationsRequest_Context.HOMEPAGE;
  const reply = await shop.recommend.getRecommendations({ userId: toId(userId), context, limit: 20 }, { signal });
  return {
    modelVersion: reply.modelVersion,
    items: reply.items.map(({ productId, card, score, reason, source }) => ({ ...readCard(productId, card), score, reason, source })),
  };
}

/** What a customer is likely to buy again, and why. */
export async function reorderFor(userId: string, signal: AbortSignal): Promise<RecommendedList> {
  const reply = await shop.recommend.getReorder({ userId: toId(userId), limit: 20 }, { signal });
  return {
    modelVersion: reply.modelVersion,
    items: reply.items.map(({ productId, card, probability, reason }) => ({ ...readCard(productId, card), score: probability, reason, source: "reorder" })),
  };
}

function readCard(productId: bigint, card: ProductCard | undefined) {
  return { productId: readId(productId), name: card?.name ?? "", price: readAmount(card?.price) };
}

export function readTraining(training: Training): TrainingRecord {
  return {
    id: readId(training.id),
    status: Training_Status[training.status] as TrainingRecord["status"],
    stage: training.stage,
    percent: training.progressPercent,
    message: training.message,
    modelId: readId(training.modelId),
    type: Model_Type[training.modelType] as TrainingRecord["type"],
    createTime: readTime(training.createTime),
    endTime: readTime(training.endTime),
  };
}

function readExperiment(experiment: Experiment): ExperimentRecord {
  return {
    id: readId(experiment.id),
    status: Experiment_Status[experiment.status] as ExperimentRecord["status"],
    controlId: readId(experiment.controlModelId),
    challengerId: readId(experiment.challengerModelId),
    percent: experiment.challengerPercent,
    createTime: readTime(experiment.createTime),
    endTime: readTime(experiment.endTime),
    control: experiment.control ? readOnline(experiment.control) : null,
    challenger: experiment.challenger ? readOnline(experiment.challenger) : null,
  };
}
