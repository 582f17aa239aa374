// Decides when a failed call is tried again, and after how long.
import { Code } from "@connectrpc/connect";
import { SansetError } from "./errors.js";

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

/** Returns the milliseconds to wait after so many failures in a row: doubling, with jitter, at most 5 s. */
export function backoffMs(failures: number): number {
  const ceiling = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return ceiling * (0.5 + Math.random() / 2);
}

/** Whether the server refused before doing anything and said when to try again. */
export function saysComeBack(error: SansetError): boolean {
  const refused = error.code === Code.ResourceExhausted || error.code === Code.Aborted;
  return refused && error.retryAfterMs !== undefined;
}

/** Waits. Rejects with CANCELED when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  return abortable(passed, signal).finally(() => clearTimeout(timer));
}

/** Waits for `work`, which goes on when the signal is aborted; the waiting does not. */
export function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(new SansetError(Code.Canceled, "The call was cancelled.", undefined, { cause: signal.reason }));
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The attempts of one call within its deadline. */
export class Attempts {
  private readonly deadline: number;
  private failures = 0;
  private renewed = false;

  /** A call without a deadline has a `timeoutMs` of Infinity. */
  constructor(
    timeoutMs: number,
    private readonly repeatable: boolean,
  ) {
    this.deadline = performance.now() + timeoutMs;
  }

  /** Milliseconds until the deadline. */
  get leftMs(): number {
    return Math.max(0, this.deadline - performance.now());
  }

  /** The same as the `timeoutMs` of a Connect call, which takes zero for no deadline. */
  get timeoutMs(): number {
    return this.leftMs === Infinity ? 0 : Math.max(1, Math.floor(this.leftMs));
  }

  /** Returns the milliseconds after which to try again; undefined when `error` is the call's answer. */
  pauseAfter(error: SansetError): number | undefined {
    if (!this.repeatable || !(error.code === Code.Unavailable || saysComeBack(error))) return undefined;
    this.failures += 1;
    // Never sooner than the server says; the jitter keeps callers refused together from returning together.
    const wait = (error.retryAfterMs ?? 0) + backoffMs(this.failures);
    return wait < this.leftMs ? wait : undefined;
  }

  /** Whether to renew the access token and repeat: once, and safe for every call, as the server did not look at it. */
  mayRenew(error: SansetError): boolean {
    if (this.renewed || error.reason !== "TOKEN_INVALID") return false;
    this.renewed = true;
    return true;
  }

  /** Waits for something the call needs first, at most until its deadline. */
  async within<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.leftMs === Infinity) return abortable(work, signal);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new SansetError(Code.DeadlineExceeded, "The access token was not renewed in time.")),
        this.leftMs,
      );
    });
    return abortable(Promise.race([work, late]), signal).finally(() => clearTimeout(timer));
  }
}
