// Follows an order through cuts, reconnects and restarts: every step once, in order, to the end.
import { type Client, Code } from "@connectrpc/connect";
import { SansetError, readError } from "./errors.js";
import type { OrderEvent } from "./gen/sanset/v1/order_pb.js";
import type { OrderService } from "./gen/sanset/v1/order_service_pb.js";
import type { TrackOrderResponse } from "./gen/sanset/v1/tracking_pb.js";
import { backoffMs, pause, saysComeBack } from "./retry.js";

/** How to follow an order. */
export interface TrackOptions {
  /** Only steps after this one. */
  readonly afterSequence?: number;
  /** Following is given up after so long without a word from the server: five minutes unless given. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

const PATIENCE_MS = 300_000;

/** Times the server may leave out the same step before the client stops asking for it. */
const MAX_GAPS = 5;

/** Codes of a reset connection, depending on who reset it, when the server gave no reason. */
const CUTS: ReadonlySet<Code> = new Set([Code.Internal, Code.Unknown, Code.Canceled, Code.DeadlineExceeded]);

/** Yields the steps of an order until its end, over as many streams as it takes. Throws SansetError. */
export async function* track(
  orders: Client<typeof OrderService>,
  orderId: bigint,
  options: TrackOptions = {},
): AsyncGenerator<OrderEvent, void, undefined> {
  const { signal } = options;
  const trail = new Trail(orderId, options.afterSequence ?? 0, options.patienceMs ?? PATIENCE_MS);
  while (!trail.ended) {
    const leaving = new AbortController(); // frees the server also when the caller leaves the loop
    const either = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
    trail.begin();
    try {
      for await (const message of orders.trackOrder(trail.request, { signal: either })) {
        const event = trail.take(message);
        if (event !== undefined) yield event;
        if (trail.over) break;
      }
    } catch (failure) {
      if (signal?.aborted) throw readError(failure);
      trail.failed(readError(failure));
    } finally {
      leaving.abort();
    }
    if (!trail.ended) await pause(trail.pauseMs(), signal);
  }
}

/** The progress in following one order: the last step seen, and when to ask again. */
class Trail {
  ended = false;
  /** This stream has no more to say; another one may. */
  over = false;
  private heard = false;
  private heardAt = performance.now();
  private failures = 0;
  private gaps = 0;
  private error: SansetError | undefined;

  constructor(
    private readonly orderId: bigint,
    private last: number,
    private readonly patienceMs: number,
  ) {}

  /** The request of the next stream: only steps after the last one seen. */
  get request(): { orderId: bigint; afterSequence: number } {
    return { orderId: this.orderId, afterSequence: this.last };
  }

  /** Takes note that a stream begins. */
  begin(): void {
    this.over = this.heard = false;
  }

  /** Reads one message; returns the step in it when it is the next one. */
  take({ content }: TrackOrderResponse): OrderEvent | undefined {
    if (content.case === "event") return this.step(content.value);
    if (content.case === "end") this.end(content.value.sequence);
    else if (content.case === "reconnect") this.over = true;
    else this.alive(); // a heartbeat, or something newer than this client
    return undefined;
  }

  /** Takes note that a stream failed. Throws `error` when another one would fail as well. */
  failed(error: SansetError): void {
    // After something was heard, a refused token is one that expired on the way: the next stream begins with a
    // new one. Refused at the start, a new one was tried already.
    const expired = error.code === Code.Unauthenticated && this.heard;
    const cut = error.code === Code.Unavailable || (CUTS.has(error.code) && error.reason === "");
    if (!(expired || cut || saysComeBack(error))) throw error;
    this.error = error;
  }

  /** Returns the milliseconds to wait before the next stream. Throws the last error when patience is over. */
  pauseMs(): number {
    if (performance.now() - this.heardAt > this.patienceMs) {
      throw this.error ?? new SansetError(Code.Unavailable, `No word from the server for ${this.patienceMs} ms.`);
    }
    this.failures += 1;
    return Math.max(backoffMs(this.failures), this.error?.retryAfterMs ?? 0);
  }

  private step(event: OrderEvent): OrderEvent | undefined {
    if (event.sequence <= this.last) return undefined;
    if (event.sequence > this.last + 1) {
      this.gap(event.sequence);
      return undefined;
    }
    this.last = event.sequence;
    this.gaps = 0;
    this.alive();
    return event;
  }

  private end(sequence: number): void {
    if (sequence > this.last) this.gap(sequence + 1);
    else this.ended = this.over = true;
  }

  private gap(sequence: number): void {
    this.gaps += 1;
    this.over = true;
    if (this.gaps > MAX_GAPS) {
      const message = `Order ${this.orderId}: nothing between the steps ${this.last} and ${sequence}.`;
      throw new SansetError(Code.DataLoss, message);
    }
  }

  private alive(): void {
    this.heard = true;
    this.heardAt = performance.now();
    this.failures = 0;
    this.error = undefined;
  }
}
