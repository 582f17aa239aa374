// Entries of the audit log as records. They are listed only: none is read by itself, and none changes.
import type { JsonObject } from "@bufbuild/protobuf";
import { type AuditLog, AuditLog_SecurityEvent, AuditService } from "@sanset/client/gen/sanset/v1/audit_pb.js";
import { readId, readTime, toId, toTime } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface AuditRecord extends ConsoleRecord {
  time: string | null;
  /** Empty for the shop by itself, and for strangers. */
  actorId: string;
  isServiceAccount: boolean;
  action: string;
  object: string;
  event: keyof typeof AuditLog_SecurityEvent;
  occurrences: number;
  address: string;
  requestId: string;
  request: Values;
  facts: Values;
  changes: Change[];
}

/** Names and values, as text. */
export type Values = [name: string, value: string][];

/** A field that changed; "" where there was, or is, none. */
export interface Change {
  field: string;
  before: string;
  after: string;
}

const audit = shop.of(AuditService);

export const calls: Calls<AuditRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const text = (name: string) => (typeof filter[name] === "string" ? filter[name].trim() : "");
    const page = await audit.listAuditLogs(
      {
        pageSize,
        pageToken,
        actorId: toId(filter["actorId"] as string | undefined),
        action: text("action"),
        object: text("object"),
        address: text("address"),
        securityEvents: filter["securityEvents"] === true,
        securityEvent: AuditLog_SecurityEvent[(text("event") || "SECURITY_EVENT_UNSPECIFIED") as AuditRecord["event"]],
        startTime: toTime(text("startTime")),
        endTime: toTime(text("endTime")),
      },
      { signal },
    );
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },
};

function read(entry: AuditLog): AuditRecord {
  return {
    id: readId(entry.id),
    time: readTime(entry.time),
    actorId: readId(entry.actorId),
    isServiceAccount: entry.isServiceAccount,
    action: entry.action,
    object: entry.object,
    event: AuditLog_SecurityEvent[entry.securityEvent] as AuditRecord["event"],
    occurrences: entry.occurrences,
    address: entry.address,
    requestId: entry.requestId,
    request: values(entry.request),
    facts: values(entry.facts),
    changes: changes(values(entry.before), values(entry.after)),
  };
}

/** What a message holds, each value by its path: "items.0.quantity". */
function values(struct: JsonObject | undefined, under = ""): Values {
  return Object.entries(struct ?? {}).flatMap(([name, value]): Values => {
    const path = under === "" ? name : `${under}.${name}`;
    if (typeof value === "object" && value !== null) return values(value as JsonObject, path);
    return [[path, String(value ?? "")]];
  });
}

function changes(before: Values, after: Values): Change[] {
  const was = new Map(before);
  const is = new Map(after);
  const fields = [...new Set([...was.keys(), ...is.keys()])];
  return fields
    .map((field) => ({ field, before: was.get(field) ?? "", after: is.get(field) ?? "" }))
    .filter((change) => change.before !== change.after);
}
