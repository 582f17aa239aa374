// The tokens of a signed-in user and of a guest's cart, renewed once however many calls and tabs wait for it.
import { Code } from "@connectrpc/connect";
import { type SansetError, readError } from "./errors.js";
import type { Tokens } from "./gen/sanset/v1/auth_pb.js";

/** Where tokens are kept: `localStorage`, which tabs share, or anything like it. */
export type TokenStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Exchanges a refresh token. */
export type Refresh = (refreshToken: string) => Promise<Tokens>;

/** Before its expiry a token is renewed by this; by a tenth of its life if that is shorter. */
const RENEW_BEFORE_MS = 60_000;

/** After an early renewal failed the old token serves for this long until the next attempt. */
const RENEWAL_REST_MS = 5_000;

/** A pair of tokens as it is stored, with the times (of `Date.now`) at which it is due and over. */
interface Grant {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Storage that ends with the page or process. */
export class MemoryStorage implements TokenStorage {
  private readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }
}

/** The tokens of a client. The storage is the only truth, so that what another tab renewed serves here too. */
export class Session {
  private renewal: Promise<void> | undefined;

  /** `onSignedOut` is called when the server ends the session. */
  constructor(
    private readonly refresh: Refresh,
    private readonly storage: TokenStorage,
    private readonly key: string,
    private readonly onSignedOut: () => void,
  ) {}

  /** Whether there are tokens. */
  get signedIn(): boolean {
    return this.load() !== undefined;
  }

  /** The token of the cart filled before signing in; "" when there is none. */
  get cartToken(): string {
    return this.storage.getItem(this.cartKey) ?? "";
  }

  set cartToken(token: string) {
    if (token === "") this.storage.removeItem(this.cartKey);
    else this.storage.setItem(this.cartKey, token);
  }

  /** What the server knows this client by where its user signed in before; "" before the first sign-in. */
  get deviceId(): string {
    return this.storage.getItem(this.deviceKey) ?? "";
  }

  set deviceId(id: string) {
    this.storage.setItem(this.deviceKey, id);
  }

  /** Takes the tokens of a login, or undefined after a logout. */
  put(tokens: Tokens | undefined): void {
    this.save(tokens && received(tokens));
  }

  /** Returns an access token to send, renewed when it is due; "" when nobody is signed in. */
  async token(): Promise<string> {
    const grant = this.load();
    if (grant !== undefined && Date.now() >= grant.renewAt) await this.renew(grant);
    return this.load()?.accessToken ?? "";
  }

  /** Returns another access token than `rejected`, which the server refused; "" when there is none to be had. */
  async replace(rejected: string): Promise<string> {
    const grant = this.load();
    if (grant?.accessToken === rejected) await this.renew({ ...grant, expiresAt: 0 });
    const current = this.load()?.accessToken ?? "";
    return current === rejected ? "" : current;
  }

  private get cartKey(): string {
    return `${this.key}.cart`;
  }

  private get deviceKey(): string {
    return `${this.key}.device`;
  }

  private renew(grant: Grant): Promise<void> {
    this.renewal ??= this.exclusively(() => this.exchange(grant)).finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  /** Only one tab at a time; the next one finds the new tokens. A page without Web Locks relies on Refresh's grace. */
  private async exclusively(work: () => Promise<void>): Promise<void> {
    const shared = !(this.storage instanceof MemoryStorage) && globalThis.navigator?.locks !== undefined;
    await (shared ? navigator.locks.request(this.key, work) : work());
  }

  private async exchange(grant: Grant): Promise<void> {
    if (this.load()?.refreshToken !== grant.refreshToken) return; // another tab was here
    try {
      const tokens = await this.refresh(grant.refreshToken);
      this.swap(grant, received(tokens));
    } catch (failure) {
      this.failed(grant, readError(failure));
    }
  }

  private failed(grant: Grant, error: SansetError): void {
    if (error.code === Code.Unauthenticated) {
      if (!this.swap(grant, undefined)) return; // somebody signed in meanwhile
      this.onSignedOut();
      throw error;
    }
    // The server may be back soon: the refresh token stays, and the access token serves to its end.
    if (Date.now() >= grant.expiresAt) throw error;
    this.swap(grant, { ...grant, renewAt: Date.now() + RENEWAL_REST_MS });
  }

  /** Puts `next` in the place of `previous`, unless a login or logout came between. */
  private swap(previous: Grant, next: Grant | undefined): boolean {
    if (this.load()?.refreshToken !== previous.refreshToken) return false;
    this.save(next);
    return true;
  }

  private load(): Grant | undefined {
    const text = this.storage.getItem(this.key);
    if (text === null) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      return isGrant(value) ? value : undefined;
    } catch {
      return undefined; // what others wrote there signs nobody in
    }
  }

  private save(grant: Grant | undefined): void {
    if (grant === undefined) this.storage.removeItem(this.key);
    else this.storage.setItem(this.key, JSON.stringify(grant));
  }
}

function received(tokens: Tokens): Grant {
  const lifeMs = tokens.expiresIn * 1_000;
  const expiresAt = Date.now() + lifeMs;
  return {
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    renewAt: expiresAt - Math.min(RENEW_BEFORE_MS, lifeMs / 10),
    expiresAt,
  };
}

function isGrant(value: unknown): value is Grant {
  if (typeof value !== "object" || value === null) return false;
  const { accessToken, refreshToken, renewAt, expiresAt } = value as Partial<Record<keyof Grant, unknown>>;
  return (
    typeof accessToken === "string" &&
    typeof refreshToken === "string" &&
    typeof renewAt === "number" &&
    typeof expiresAt === "number"
  );
}
