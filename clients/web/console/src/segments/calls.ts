// Segments as records, and the calls behind them.
import {
  type Segment,
  type SegmentAnalysis_Favourite,
  type SegmentMember,
  SegmentService,
  Segment_Kind,
} from "@sanset/client/gen/sanset/v1/segment_pb.js";
import { type Amount, readAmount, readId, readTime, toId, toMoney } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface SegmentRecord extends ConsoleRecord {
  name: string;
  description: string;
  kind: keyof typeof Segment_Kind;
  rules: Rules;
  memberCount: number;
  updateTime: string | null;
}

/** What is null, 0 or empty is no rule. */
export interface Rules {
  minOrders?: number | null;
  maxOrders?: number | null;
  minSpent?: Amount | null;
  maxSpent?: Amount | null;
  orderedWithinDays?: number | null;
  notOrderedForDays?: number | null;
  registeredWithinDays?: number | null;
  boughtCategory?: string | null;
  country?: string | null;
}

const segments = shop.of(SegmentService);

export const calls: Calls<SegmentRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await segments.listSegments({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await segments.getSegment({ segmentId: toId(id) }, { signal }));
  },

  async create(values, { requestId }) {
    return read(await segments.createSegment({ segment: write(values), requestId }));
  },

  async update(values, { requestId, paths }) {
    const segment = { ...write(values), id: toId(values.id), etag: values.etag ?? "" };
    return read(await segments.updateSegment({ segment, updateMask: { paths }, requestId }));
  },

  async remove({ id, etag }, { requestId }) {
    await segments.deleteSegment({ segmentId: toId(id), etag: etag ?? "", requestId });
  },
};

export interface Analysis {
  share: number;
  orders: number;
  revenue: Amount | null;
  averageSpent: Amount | null;
  averageOrder: Amount | null;
  averageOrders: number;
  daysSinceOrder: number;
  categories: Favourite[];
  products: Favourite[];
}

export interface Favourite {
  id: string;
  name: string;
  members: number;
}

export interface Member {
  id: string;
  name: string;
  email: string;
  orders: number;
  spent: Amount | null;
  lastOrderTime: string | null;
}

export async function analysisOf(id: string, signal: AbortSignal): Promise<Analysis> {
  const reply = await segments.analyzeSegment({ segmentId: toId(id) }, { signal });
  return {
    share: reply.customerShare,
    orders: Number(reply.orderCount),
    revenue: readAmount(reply.revenue),
    averageSpent: readAmount(reply.averageSpent),
    averageOrder: readAmount(reply.averageOrderValue),
    averageOrders: reply.averageOrderCount,
    daysSinceOrder: reply.averageDaysSinceOrder,
    categories: reply.categories.map(readFavourite),
    products: reply.products.map(readFavourite),
  };
}

export async function membersOf(id: string, pageToken: string, signal: AbortSignal): Promise<{ items: Member[]; nextPageToken: string }> {
  const page = await segments.listSegmentMembers({ segmentId: toId(id), pageSize: 25, pageToken }, { signal });
  return { items: page.items.map(readMember), nextPageToken: page.nextPageToken };
}

function read(segment: Segment): SegmentRecord {
  const { rules } = segment;
  return {
    id: readId(segment.id),
    etag: segment.etag,
    name: segment.name ?? "",
    description: segment.description ?? "",
    kind: Segment_Kind[segment.kind] as SegmentRecord["kind"],
    rules: {
      minOrders: rules?.minOrders ?? null,
      maxOrders: rules?.maxOrders ?? null,
      minSpent: readAmount(rules?.minSpent),
      maxSpent: readAmount(rules?.maxSpent),
      orderedWithinDays: rules?.orderedWithinDays || null,
      notOrderedForDays: rules?.notOrderedForDays || null,
      registeredWithinDays: rules?.registeredWithinDays || null,
      boughtCategory: rules?.boughtCategory ?? "",
      country: rules?.country ?? "",
    },
    memberCount: Number(segment.memberCount),
    updateTime: readTime(segment.updateTime),
  };
}

function write({ name, description, rules = {} }: Partial<SegmentRecord>) {
  return {
    name: name ?? "",
    description: description ?? "",
    rules: {
      ...(rules.minOrders != null && { minOrders: rules.minOrders }),
      ...(rules.maxOrders != null && { maxOrders: rules.maxOrders }),
      minSpent: toMoney(rules.minSpent),
      maxSpent: toMoney(rules.maxSpent),
      orderedWithinDays: rules.orderedWithinDays ?? 0,
      notOrderedForDays: rules.notOrderedForDays ?? 0,
      registeredWithinDays: rules.registeredWithinDays ?? 0,
      boughtCategory: rules.boughtCategory ?? "",
      country: rules.country ?? "",
    },
  };
}

function readFavourite(favourite: SegmentAnalysis_Favourite): Favourite {
  return { id: readId(favourite.id), name: favourite.name, members: Number(favourite.memberCount) };
}

function readMember(member: SegmentMember): Member {
  return {
    id: readId(member.userId),
    name: member.name,
    email: member.email,
    orders: Number(member.orderCount),
    spent: readAmount(member.spent),
    lastOrderTime: readTime(member.lastOrderTime),
  };
}
