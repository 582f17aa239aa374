// Webhook endpoints as records, and the calls behind them.
import { type WebhookDelivery, WebhookDelivery_Status, WebhookDelivery_View, type WebhookEndpoint, WebhookService } from "@sanset/client/gen/sanset/v1/webhook_pb.js";
import { readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";
import { secrets } from "./secrets";

export interface WebhookRecord extends ConsoleRecord {
  url: string;
  /** None: all of them. */
  eventTypes: string[];
  active: boolean;
  /** Why the shop switched it off. */
  disabledReason: string;
  createTime: string | null;
  oldSecretExpireTime: string | null;
}

export interface Delivery {
  id: string;
  eventType: string;
  orderId: string;
  status: keyof typeof WebhookDelivery_Status;
  attempts: number;
  responseCode: number;
  error: string;
  body: string;
  createTime: string | null;
  nextAttemptTime: string | null;
  deliverTime: string | null;
}

const webhooks = shop.of(WebhookService);

export const calls: Calls<WebhookRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await webhooks.listWebhookEndpoints({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await webhooks.getWebhookEndpoint({ endpointId: toId(id) }, { signal }));
  },

  async create(values, { requestId }) {
    const endpoint = await webhooks.createWebhookEndpoint({ endpoint: write(values), requestId });
    secrets.keep(readId(endpoint.id), endpoint.secret); // the page that comes next shows it
    return read(endpoint);
  },

  async update(values, { requestId, paths }) {
    const endpoint = { ...write(values), id: toId(values.id), etag: values.etag ?? "" };
    return read(await webhooks.updateWebhookEndpoint({ endpoint, updateMask: { paths }, requestId }));
  },

  async remove({ id, etag }, { requestId }) {
    await webhooks.deleteWebhookEndpoint({ endpointId: toId(id), etag: etag ?? "", requestId });
  },
};

export async function deliveriesTo(
  id: string,
  status: Delivery["status"],
  pageToken: string,
  signal: AbortSignal,
): Promise<{ items: Delivery[]; nextPageToken: string }> {
  const page = await webhooks.listWebhookDeliveries(
    { endpointId: toId(id), pageSize: 20, pageToken, status: WebhookDelivery_Status[status], view: WebhookDelivery_View.SUMMARY },
    { signal },
  );
  return { items: page.items.map(readDelivery), nextPageToken: page.nextPageToken };
}

/** A delivery with the body that is sent. */
export async function deliveryOf(id: string, signal: AbortSignal): Promise<Delivery> {
  return readDelivery(await webhooks.getWebhookDelivery({ deliveryId: toId(id) }, { signal }));
}

export function replay(id: string, requestId: string) {
  return webhooks.replayWebhookDelivery({ deliveryId: toId(id), requestId });
}

export function ping(id: string) {
  return webhooks.pingWebhookEndpoint({ endpointId: toId(id) });
}

/** Returns the new secret, which is told only now. */
export async function rotateSecret(id: string, overlapHours: number, requestId: string): Promise<string> {
  const overlapSeconds = Math.round(overlapHours * 3600);
  return (await webhooks.rotateWebhookSecret({ endpointId: toId(id), overlapSeconds, requestId })).secret;
}

function read(endpoint: WebhookEndpoint): WebhookRecord {
  return {
    id: readId(endpoint.id),
    etag: endpoint.etag,
    url: endpoint.url ?? "",
    eventTypes: endpoint.eventTypes,
    active: endpoint.active ?? true,
    disabledReason: endpoint.disabledReason,
    createTime: readTime(endpoint.createTime),
    oldSecretExpireTime: readTime(endpoint.oldSecretExpireTime),
  };
}

function write({ url, eventTypes, active }: Partial<WebhookRecord>) {
  return { url: url ?? "", eventTypes: eventTypes ?? [], active: active ?? true };
}

function readDelivery(delivery: WebhookDelivery): Delivery {
  return {
    id: readId(delivery.id),
    eventType: delivery.eventType,
    orderId: readId(delivery.orderId),
    status: WebhookDelivery_Status[delivery.status] as Delivery["status"],
    attempts: delivery.attemptCount,
    responseCode: delivery.responseCode,
    error: delivery.error,
    body: delivery.body,
    createTime: readTime(delivery.createTime),
    nextAttemptTime: readTime(delivery.nextAttemptTime),
    deliverTime: readTime(delivery.deliverTime),
  };
}
