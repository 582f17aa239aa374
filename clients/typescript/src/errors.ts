// Errors of refused and failed calls: the code, the reason and the facts, ready to branch on.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.js";
import type { ErrorReason } from "./gen/sanset/v1/errors_pb.js";

/** A reason of the contract, such as "OUT_OF_STOCK"; a newer server may send others. "" when none was given. */
export type Reason = keyof typeof ErrorReason | "" | (string & {});

/** One wrong field of a request. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
  /** Why, for programs: a `FieldReason` of the contract, or the reason of the call. */
  readonly reason: string;
}

/** What a `SansetError` says beside its code and its sentence. */
export interface ErrorFacts {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** Milliseconds to wait before trying again; undefined when the server gave none. */
  readonly retryAfterMs: number | undefined;
}

const NO_FACTS: ErrorFacts = { reason: "", metadata: {}, violations: [], retryAfterMs: undefined };

/** A call that was refused or failed. Branch on `code` or `reason`, never on the message. */
export class SansetError extends Error implements ErrorFacts {
  override readonly name = "SansetError";
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;
  /** The `requestId` that the failed call carried. Repeat the call with it, and what it does is done once. */
  requestId = "";

  /** Returns the typed facts of a message of `error_details_pb`, such as `LineFailureSchema`; undefined without them. */
  detail<Desc extends DescMessage>(schema: Desc): MessageShape<Desc> | undefined {
    return this.cause instanceof ConnectError ? this.cause.findDetails(schema)[0] : undefined;
  }

  constructor(
    readonly code: Code,
    message: string,
    facts: ErrorFacts = NO_FACTS,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.reason = facts.reason;
    this.metadata = facts.metadata;
    this.violations = facts.violations;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Returns the error that a failed call stands for. */
export function readError(failure: unknown): SansetError {
  if (failure instanceof SansetError) return failure;
  const error = ConnectError.from(failure);
  const [info] = error.findDetails(ErrorInfoSchema);
  const [badRequest] = error.findDetails(BadRequestSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  const facts: ErrorFacts = {
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    violations: badRequest?.fieldViolations ?? [],
    retryAfterMs: retry?.retryDelay && durationMs(retry.retryDelay),
  };
  const code = facts.reason === "" && lostConnection(error) ? Code.Unavailable : error.code;
  return new SansetError(code, error.rawMessage, facts, { cause: error });
}

/** Whether the network failed: fetch throws a TypeError, Connect for Node calls a reset connection Aborted. */
function lostConnection(error: ConnectError): boolean {
  return error.cause instanceof TypeError || error.code === Code.Aborted;
}
