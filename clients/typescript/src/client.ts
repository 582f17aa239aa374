// A shop, and the user who is signed in.
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, type Transport, createClient } from "@connectrpc/connect";
import { readError } from "./errors.js";
import { AuthService, type Tokens } from "./gen/sanset/v1/auth_pb.js";
import { CartService } from "./gen/sanset/v1/cart_pb.js";
import { CatalogService } from "./gen/sanset/v1/catalog_pb.js";
import type { OrderEvent } from "./gen/sanset/v1/order_pb.js";
import { OrderService } from "./gen/sanset/v1/order_service_pb.js";
import { PaymentService } from "./gen/sanset/v1/payment_pb.js";
import { PromotionService } from "./gen/sanset/v1/promotion_pb.js";
import { RecommendService } from "./gen/sanset/v1/recommend_pb.js";
import { RefundService } from "./gen/sanset/v1/refund_service_pb.js";
import { UserService } from "./gen/sanset/v1/user_pb.js";
import { MemoryStorage, Session, type TokenStorage } from "./session.js";
import { type TrackOptions, track } from "./tracking.js";
import { SessionTransport } from "./transport.js";

/** Given to every call that has one reply, unless the call says otherwise. */
const TIMEOUT_MS = 10_000;

/** Given to Refresh. Twice this lies well within the half minute in which the server repeats a lost reply. */
const REFRESH_TIMEOUT_MS = 4_000;

/** How API keys begin. */
const KEY_PREFIX = "sk_";

/** How a client behaves; all of it may be left out. */
export interface ClientOptions {
  /** The API key of a back end, sent in place of a user's tokens. It is a password: never in a page. */
  readonly apiKey?: string;
  /** The deadline of calls that have one reply and bring none: 10 s unless given. */
  readonly timeoutMs?: number;
  /** Where the tokens are kept. `localStorage` keeps a user signed in, in every tab; without, they end with the page. */
  readonly storage?: TokenStorage;
  /** The name of the tokens in the storage, for pages that call several shops. */
  readonly storageKey?: string;
  /** Called when the server ends the session: ask the user to sign in again. */
  readonly onSignedOut?: () => void;
}

/** A client of a shop: the services of a storefront by their nouns, with a method for every RPC, others by `of`. */
export class SansetClient {
  /** What every call goes through. */
  readonly transport: Transport;
  readonly auth: Client<typeof AuthService>;
  readonly users: Client<typeof UserService>;
  readonly catalog: Client<typeof CatalogService>;
  readonly cart: Client<typeof CartService>;
  readonly promotions: Client<typeof PromotionService>;
  readonly orders: Client<typeof OrderService>;
  readonly payments: Client<typeof PaymentService>;
  readonly refunds: Client<typeof RefundService>;
  readonly recommend: Client<typeof RecommendService>;
  private readonly session: Session;

  /** `transport` is Connect's, gRPC or gRPC-Web: `createWebClient` and `createNodeClient` bring one. */
  constructor(transport: Transport, options: ClientOptions = {}) {
    const apiKey = options.apiKey ?? "";
    if (apiKey !== "" && !apiKey.startsWith(KEY_PREFIX)) throw new TypeError("apiKey: an API key begins with sk_");
    this.session = new Session(
      (refreshToken) => this.refresh(refreshToken),
      options.storage ?? new MemoryStorage(),
      options.storageKey ?? "sanset.tokens",
      options.onSignedOut ?? (() => undefined),
    );
    this.transport = new SessionTransport(transport, this.session, options.timeoutMs ?? TIMEOUT_MS, apiKey);
    this.auth = createClient(AuthService, this.transport);
    this.users = createClient(UserService, this.transport);
    this.catalog = createClient(CatalogService, this.transport);
    this.cart = createClient(CartService, this.transport);
    this.promotions = createClient(PromotionService, this.transport);
    this.orders = createClient(OrderService, this.transport);
    this.payments = createClient(PaymentService, this.transport);
    this.refunds = createClient(RefundService, this.transport);
    this.recommend = createClient(RecommendService, this.transport);
  }

  /** Makes a client of another service, which pages load that need it: `of(ModelService)`. */
  of<S extends DescService>(service: S): Client<S> {
    return createClient(service, this.transport);
  }

  /** Whether there are tokens of a user. */
  get signedIn(): boolean {
    return this.session.signedIn;
  }

  /** The token of the cart filled before signing in; "" when there is none. Whoever has it has the cart. */
  get cartToken(): string {
    return this.session.cartToken;
  }

  /**
   * What the shop knows this client by where its user signed in before; "" before the first sign-in. The storage
   * keeps it after the sign-out, so that strangers who guess passwords cannot keep the user out here.
   */
  get deviceId(): string {
    return this.session.deviceId;
  }

  /**
   * Signs in by e-mail address or user name; where there is a second factor, with a `code` of it. Rejects with
   * UNAUTHENTICATED (INVALID_CREDENTIALS, SECOND_FACTOR_REQUIRED, SECOND_FACTOR_WRONG).
   */
  async login(login: string, password: string, code = ""): Promise<void> {
    const name = login.includes("@") ? { email: login } : { username: login };
    this.session.put(await this.auth.login({ ...name, password, code }));
  }

  /** Keeps the tokens of another way to sign in: those of FinishPasskeySignIn, or of FinishFederatedSignIn. */
  keep(tokens: Tokens): void {
    this.session.put(tokens);
  }

  /** Signs out here or everywhere, and forgets the tokens. Keeps them when the server cannot be reached. */
  async logout({ allSessions = false }: { allSessions?: boolean } = {}): Promise<void> {
    if (!this.signedIn) return;
    try {
      await this.auth.logout({ allSessions });
    } catch (failure) {
      if (readError(failure).code !== Code.Unauthenticated) throw failure;
    }
    this.session.put(undefined);
  }

  /** Yields each step of an order, those so far and then live, until its last; goes on by itself after cuts. */
  trackOrder(orderId: bigint, options?: TrackOptions): AsyncGenerator<OrderEvent, void, undefined> {
    return track(this.orders, orderId, options);
  }

  private async refresh(refreshToken: string): Promise<Tokens> {
    const attempt = () => this.auth.refresh({ refreshToken }, { timeoutMs: REFRESH_TIMEOUT_MS });
    try {
      return await attempt();
    } catch (failure) {
      const { code } = readError(failure);
      if (code !== Code.Unavailable && code !== Code.DeadlineExceeded) throw failure;
      // The reply may have been lost. The server gives the same tokens again if asked soon; later it would take
      // the repeat for theft.
      return attempt();
    }
  }
}
