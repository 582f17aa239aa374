// Accounts as records, and the calls behind them.
import type { Session } from "@sanset/client/gen/sanset/v1/auth_pb.js";
import { Tier_Level } from "@sanset/client/gen/sanset/v1/promotion_pb.js";
import {
  ExportUsersRequest_Format,
  type UserAccount,
  UserAccount_State,
  UserAdminService,
  type UserDetails,
  type UserDetails_Failures,
} from "@sanset/client/gen/sanset/v1/user_admin_pb.js";
import { fileName, saveStream } from "../data/saveFile";
import { type Amount, readAmount, readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface CustomerRecord extends ConsoleRecord {
  email: string;
  username: string;
  fullName: string;
  phone: string;
  role: string;
  state: keyof typeof UserAccount_State;
  tier: keyof typeof Tier_Level;
  createTime: string | null;
  updateTime: string | null;
  /** Only of one that is shown by itself. */
  details: Details | null;
}

export interface Details {
  orderCount: number;
  spent: Amount | null;
  lastOrderTime: string | null;
  points: number;
  lifetimePoints: number;
  sessions: SignIn[];
  failures: Failures[];
}

export interface SignIn {
  id: string;
  device: string;
  address: string;
  createTime: string | null;
  lastUseTime: string | null;
}

export interface Failures {
  count: number;
  time: string | null;
  lockEndTime: string | null;
  familiar: boolean;
}

const users = shop.of(UserAdminService);

export const calls: Calls<CustomerRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const text = (name: string) => (typeof filter[name] === "string" ? filter[name].trim() : "");
    const page = await users.listUsers(
      {
        pageSize,
        pageToken,
        q: text("q"),
        role: text("role"),
        state: UserAccount_State[(text("state") || "STATE_UNSPECIFIED") as CustomerRecord["state"]],
        tier: Tier_Level[(text("tier") || "LEVEL_UNSPECIFIED") as CustomerRecord["tier"]],
      },
      { signal },
    );
    return { items: page.items.map((account) => read(account, null)), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    const reply = await users.getUser({ userId: toId(id) }, { signal });
    if (reply.user === undefined) throw new Error("an account without an account");
    return read(reply.user, readDetails(reply));
  },
  async many(ids, signal) {
    const request = { userIds: ids.map(toId), pageSize: ids.length };
    const records: CustomerRecord[] = [];
    for (let pageToken = ""; ; ) {
      const page = await users.listUsers({ ...request, pageToken }, { signal });
      records.push(...page.items.map((account) => read(account, null)));
      pageToken = page.nextPageToken;
      if (pageToken === "") return records;
    }
  },
};

export function setRole(id: string, role: string, requestId: string) {
  return users.setUserRole({ userId: toId(id), role, requestId });
}

export function setActive(id: string, active: boolean, requestId: string) {
  return users.setUserActive({ userId: toId(id), active, requestId });
}

export function unlock(id: string, requestId: string) {
  return users.unlockUser({ userId: toId(id), requestId });
}

export function resetSecondFactor(id: string, requestId: string) {
  return users.resetSecondFactor({ userId: toId(id), requestId });
}

export function adjustPoints(id: string, points: number, reason: string, requestId: string) {
  return shop.promotions.adjustPoints({ userId: toId(id), points: BigInt(points), reason, requestId });
}

export async function exportCustomers(format: "CSV" | "XLSX"): Promise<void> {
  await saveStream(users.exportUsers({ format: ExportUsersRequest_Format[format] }), fileName("customers", format));
}

function read(account: UserAccount, details: Details | null): CustomerRecord {
  return {
    id: readId(account.id),
    email: account.email,
    username: account.username,
    fullName: account.fullName,
    phone: account.phone,
    role: account.role,
    state: UserAccount_State[account.state] as CustomerRecord["state"],
    tier: Tier_Level[account.tier] as CustomerRecord["tier"],
    createTime: readTime(account.createTime),
    updateTime: readTime(account.updateTime),
    details,
  };
}

function readDetails(reply: UserDetails): Details {
  return {
    orderCount: Number(reply.orderCount),
    spent: readAmount(reply.spent),
    lastOrderTime: readTime(reply.lastOrderTime),
    points: Number(reply.points),
    lifetimePoints: Number(reply.lifetimePoints),
    sessions: reply.sessions.map(readSession),
    failures: reply.failures.map(readFailures),
  };
}

function readSession(session: Session): SignIn {
  return {
    id: session.id,
    device: session.device,
    address: session.ip,
    createTime: readTime(session.createTime),
    lastUseTime: readTime(session.lastUseTime),
  };
}

function readFailures(failures: UserDetails_Failures): Failures {
  return {
    count: failures.count,
    time: readTime(failures.time),
    lockEndTime: readTime(failures.lockEndTime),
    familiar: failures.familiar,
  };
}
