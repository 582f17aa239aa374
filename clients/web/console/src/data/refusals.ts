// What the shop refuses, as react-admin shows it: beside the fields, or as a notification.
import { HttpError } from "react-admin";
import { Code, SansetError } from "@sanset/client";
import { BadRequestSchema, LocalizedMessageSchema } from "@sanset/client/gen/google/rpc/error_details_pb.js";
import type { Calls, ConsoleRecord } from "../resource";
import { sourceOf } from "./fields";

/** A refusal of the shop. Its `cause` is the `SansetError`. */
export class Refusal extends HttpError {
  constructor(
    override readonly cause: SansetError,
    names: Calls<ConsoleRecord>["fields"],
  ) {
    const errors = fieldErrors(cause, names);
    super(sentenceOf(cause), cause.code, Object.keys(errors).length > 0 ? { errors } : {});
  }
}

/** Makes a call; what it is refused for is thrown as react-admin takes it. */
export async function refusing<T>(call: Promise<T>, names?: Calls<ConsoleRecord>["fields"]): Promise<T> {
  try {
    return await call;
  } catch (failure) {
    throw failure instanceof SansetError ? new Refusal(failure, names) : failure;
  }
}

/** What to say to a person about a failure, in their language where the shop speaks it. */
export function sentenceOf(failure: unknown): string {
  if (failure instanceof SansetError) {
    if (failure.reason === "" && failure.code === Code.Unavailable) return "console.failure.unreachable";
    return failure.detail(LocalizedMessageSchema)?.message ?? failure.message;
  }
  return failure instanceof Error ? failure.message : "console.failure.unknown";
}

/** The fields of the form that the shop refused, with why. */
function fieldErrors(failure: SansetError, names: Calls<ConsoleRecord>["fields"]): Record<string, string> {
  const violations = failure.detail(BadRequestSchema)?.fieldViolations ?? [];
  return Object.fromEntries(
    violations.map((violation) => [
      sourceOf(violation.field, names),
      violation.localizedMessage?.message ?? violation.description,
    ]),
  );
}
