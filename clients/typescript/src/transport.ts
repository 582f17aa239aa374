// What every call gets: a token, a deadline, a request id, safe repeats and readable errors.
import {
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
  isMessage,
} from "@bufbuild/protobuf";
import type { ContextValues, StreamResponse, Transport, UnaryResponse } from "@connectrpc/connect";
import { isAuthorized, isRepeatable, mergesCart, takesCartToken, takesDeviceId, takesRequestId } from "./contract.js";
import { readError } from "./errors.js";
import { TokensSchema } from "./gen/sanset/v1/auth_pb.js";
import { CartSchema } from "./gen/sanset/v1/cart_pb.js";
import { Attempts, pause } from "./retry.js";
import type { Session } from "./session.js";

const AUTHORIZATION = "authorization";
const CART_TOKEN = "x-cart-token";
const DEVICE_ID = "x-device-id";

/** A transport over another one. An `authorization`, `x-cart-token` or `x-device-id` of the caller's is left alone. */
export class SessionTransport implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly session: Session,
    private readonly timeoutMs: number,
    private readonly apiKey = "",
  ) {}

  /** Makes a call that has one reply. Rejects with SansetError. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const request = withRequestId(method, input);
    const attempts = new Attempts(milliseconds(timeoutMs ?? this.timeoutMs), isRepeatable(method));
    const headers = this.headers(method, header);
    try {
      const response = await this.insist(method, attempts, headers, signal, () =>
        this.inner.unary(method, signal, attempts.timeoutMs, headers, request, contextValues),
      );
      this.keepCartToken(method, response.message);
      this.keepDeviceId(response.message);
      return response;
    } catch (failure) {
      const error = readError(failure);
      error.requestId = requestIdOf(request);
      throw error;
    }
  }

  /** Opens a stream, without a deadline unless one is given. Rejects with SansetError, here and later. */
  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const requests = await collect(input); // streams of this contract begin with one request
    const attempts = new Attempts(milliseconds(timeoutMs ?? 0), false);
    const headers = this.headers(method, header);
    return this.insist(method, attempts, headers, signal, async () => {
      const response = await this.inner.stream(
        method,
        signal,
        attempts.timeoutMs,
        headers,
        replay(requests),
        contextValues,
      );
      // Refusals come with the first message: only then is it known whether the token was taken.
      const messages = response.message[Symbol.asyncIterator]();
      const first = await messages.next();
      return { ...response, message: readable(first, messages) };
    });
  }

  /** Attempts a call until its answer, each time with the token of the moment in `headers`. */
  private async insist<T>(
    method: DescMethod,
    attempts: Attempts,
    headers: Headers,
    signal: AbortSignal | undefined,
    attempt: () => Promise<T>,
  ): Promise<T> {
    const signs = isAuthorized(method) && !headers.has(AUTHORIZATION);
    let token = signs ? await attempts.within(this.session.token(), signal) : "";
    for (;;) {
      if (token !== "") headers.set(AUTHORIZATION, `Bearer ${token}`);
      try {
        return await attempt();
      } catch (failure) {
        const error = readError(failure);
        if (token !== "" && attempts.mayRenew(error)) {
          token = await attempts.within(this.session.replace(token), signal);
          if (token === "") throw error;
          continue;
        }
        const wait = attempts.pauseAfter(error);
        if (wait === undefined) throw error;
        await pause(wait, signal);
      }
    }
  }

  private headers(method: DescMethod, header: HeadersInit | undefined): Headers {
    const headers = new Headers(header);
    if (this.apiKey !== "" && isAuthorized(method) && !headers.has(AUTHORIZATION)) {
      headers.set(AUTHORIZATION, `Bearer ${this.apiKey}`); // another one would not be taken either: it is never renewed
    }
    const cartToken = takesCartToken(method) ? this.session.cartToken : "";
    if (cartToken !== "" && !headers.has(CART_TOKEN)) headers.set(CART_TOKEN, cartToken);
    const deviceId = takesDeviceId(method) ? this.session.deviceId : "";
    if (deviceId !== "" && !headers.has(DEVICE_ID)) headers.set(DEVICE_ID, deviceId);
    return headers;
  }

  private keepDeviceId(reply: Message): void {
    if (isMessage(reply, TokensSchema) && reply.deviceId !== "") this.session.deviceId = reply.deviceId;
  }

  private keepCartToken(method: DescMethod, reply: Message): void {
    if (mergesCart(method)) this.session.cartToken = "";
    else if (takesCartToken(method) && isMessage(reply, CartSchema) && reply.token !== "") {
      this.session.cartToken = reply.token;
    }
  }
}

/** Gives a request that should have a `requestId` and has none a new one: one purchase is one id. */
function withRequestId<I extends DescMessage>(method: DescMethod, input: MessageInitShape<I>): MessageInitShape<I> {
  if (!takesRequestId(method) || requestIdOf(input) !== "") return input;
  return { ...input, requestId: uuid() };
}

function requestIdOf(input: object): string {
  return "requestId" in input && typeof input.requestId === "string" ? input.requestId : "";
}

/** Makes a UUID (version 4). `crypto.randomUUID` is missing in pages without TLS. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Reads a `timeoutMs` as Connect does: zero and less are no deadline. */
function milliseconds(timeoutMs: number): number {
  return timeoutMs > 0 ? timeoutMs : Infinity;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* replay<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function* readable<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let item = first; item.done !== true; item = await rest.next()) yield item.value;
  } catch (failure) {
    throw readError(failure);
  } finally {
    await rest.return?.();
  }
}
