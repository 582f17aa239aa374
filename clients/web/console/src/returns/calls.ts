// Returns as records, and the calls behind them.
import { type Return, Return_Status } from "@sanset/client/gen/sanset/v1/refund_pb.js";
import { readId, readTime, toId } from "../data/values";
import { type Units, readUnits } from "../orders/record";
import { toUnits } from "../orders/calls";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface ReturnRecord extends ConsoleRecord {
  orderId: string;
  status: keyof typeof Return_Status;
  units: Units[];
  reason: string;
  comment: string;
  refundId: string;
  createTime: string | null;
  updateTime: string | null;
}

export const calls: Calls<ReturnRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const status = Return_Status[(filter["status"] || "STATUS_UNSPECIFIED") as keyof typeof Return_Status];
    const page = await shop.refunds.listReturns({ pageSize, pageToken, status, allUsers: true }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await shop.refunds.getReturn({ returnId: toId(id) }, { signal }));
  },
};

export async function returnsOf(orderId: string, signal: AbortSignal): Promise<ReturnRecord[]> {
  const page = await shop.refunds.listReturns({ orderId: toId(orderId), allUsers: true, pageSize: 100 }, { signal });
  return page.items.map(read);
}

export function approveReturn({ id, etag }: ReturnRecord, comment: string, requestId: string) {
  return shop.refunds.approveReturn({ returnId: toId(id), etag: etag ?? "", comment, requestId });
}

export function rejectReturn({ id, etag }: ReturnRecord, comment: string, requestId: string) {
  return shop.refunds.rejectReturn({ returnId: toId(id), etag: etag ?? "", comment, requestId });
}

export function receiveReturn({ id, etag }: ReturnRecord, restocked: readonly Units[], requestId: string) {
  const restockItems = restocked.filter(({ quantity }) => quantity > 0).map(toUnits);
  return shop.refunds.receiveReturn({ returnId: toId(id), etag: etag ?? "", restockItems, requestId });
}

function read(returned: Return): ReturnRecord {
  return {
    id: readId(returned.id),
    etag: returned.etag,
    orderId: readId(returned.orderId),
    status: Return_Status[returned.status] as keyof typeof Return_Status,
    units: returned.items.map(readUnits),
    reason: returned.reason,
    comment: returned.comment,
    refundId: readId(returned.refundId),
    createTime: readTime(returned.createTime),
    updateTime: readTime(returned.updateTime),
  };
}
