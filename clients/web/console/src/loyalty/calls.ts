// The loyalty programme, and where customers stand in it.
import { UserAdminService } from "@sanset/client/gen/sanset/v1/user_admin_pb.js";
import type { Tier } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import { allPages } from "../data/useShopQuery";
import { readId, toId } from "../data/values";
import { shop } from "../shop";

export interface Customer {
  id: string;
  /** "" where only the number is known. */
  name: string;
}

const users = shop.of(UserAdminService);

export function listTiers(signal?: AbortSignal): Promise<Tier[]> {
  return allPages((pageToken) => shop.promotions.listTiers({ pageToken }, { signal }));
}

/** The customer that is known by a number or a text; undefined for nobody. */
export async function findCustomer(text: string): Promise<Customer | undefined> {
  const written = text.trim();
  if (/^\d{1,18}$/.test(written)) return { id: written, name: "" };
  const { items } = await users.listUsers({ q: written, pageSize: 1 });
  const [first] = items;
  return first && { id: readId(first.id), name: first.fullName || first.email };
}

export function readStanding(userId: string, signal?: AbortSignal) {
  return shop.promotions.getLoyalty({ userId: toId(userId) }, { signal });
}

export function readEntries(userId: string, pageSize: number, signal?: AbortSignal) {
  return shop.promotions.listPoints({ userId: toId(userId), pageSize }, { signal });
}

export interface Adjustment {
  userId: string;
  points: number | null;
  reason: string;
}

export function adjust({ userId, points, reason }: Adjustment, requestId: string) {
  return shop.promotions.adjustPoints({ userId: toId(userId), points: BigInt(points ?? 0), reason: reason ?? "", requestId });
}
