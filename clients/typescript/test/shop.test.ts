// The client against a running shop: SHOP is where its gRPC is, WEB what browsers call.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SansetClient } from "../src/client.js";
import { SansetError } from "../src/errors.js";
import { AccessRule_Permission } from "../src/gen/sanset/v1/access_pb.js";
import { OrderService } from "../src/gen/sanset/v1/order_service_pb.js";
import { RoleService } from "../src/gen/sanset/v1/role_pb.js";
import { ServiceAccountService } from "../src/gen/sanset/v1/service_account_pb.js";
import { Order_Status } from "../src/gen/sanset/v1/order_pb.js";
import { Payment_Method } from "../src/gen/sanset/v1/payment_pb.js";
import { createNodeClient } from "../src/node.js";
import { MemoryStorage } from "../src/session.js";
import { createWebClient } from "../src/web.js";

const { SHOP = "http://localhost:50051", WEB = "http://localhost:8000" } = process.env;
const PASSWORD = "correct-horse-1";
const MOVES = [Order_Status.PROCESSING, Order_Status.SHIPPED, Order_Status.DELIVERED];
const KEY = "sanset.tokens";

const admin = createNodeClient(SHOP);
let productId = 0n;

before(async () => {
  await admin.login("admin@shop.test", "admin-secret-1");
  const price = { currencyCode: "USD", units: 10n };
  const product = await admin.catalog.createProduct({ product: { name: "Mug", price, stock: 100 } });
  productId = product.id;
});

/** Registers somebody, signed in with `client`. */
async function signIn(client: SansetClient): Promise<void> {
  const email = `user-${randomUUID()}@shop.test`;
  await client.auth.register({ fullName: "Ann Buyer", email, password: PASSWORD });
  await client.login(email, PASSWORD);
  await client.users.createAddress({ address: { line1: "1 Main Street", city: "Springfield", country: "US" } });
}

async function buy(client: SansetClient): Promise<bigint> {
  await client.cart.addItem({ productId });
  return (await client.orders.checkout({ paymentMethod: Payment_Method.CARD })).orderId;
}

/** A client whose calls pass an interceptor, as what happens on the way. */
function clientThrough(interceptor: Interceptor, storage = new MemoryStorage()): SansetClient {
  return new SansetClient(createGrpcTransport({ baseUrl: SHOP, interceptors: [interceptor] }), { storage });
}

/** Counts the calls of one method, and lets the first ones fail. */
function failing(name: string, times: number, code = Code.Unavailable) {
  const seen: unknown[] = [];
  const interceptor: Interceptor = (next) => (request) => {
    if (request.method.name === name) {
      seen.push(request.message);
      if (seen.length <= times) throw new ConnectError("the connection was lost", code);
    }
    return next(request);
  };
  return { interceptor, seen };
}

/** Makes a stored access token one that the server refuses. */
function spoil(storage: MemoryStorage): void {
  const grant: unknown = JSON.parse(storage.getItem(KEY) ?? "");
  storage.setItem(KEY, JSON.stringify({ ...Object(grant), accessToken: "spoilt" }));
}

for (const [name, make] of [
  ["gRPC", () => createNodeClient(SHOP)],
  ["gRPC-Web", () => createWebClient(WEB)],
] as const) {
  test(`a guest buys and follows the order, by ${name}`, async () => {
    const shop = make();
    await shop.cart.addItem({ productId, quantity: 2 });
    assert.equal((await shop.cart.getCart({})).itemCount, 2);
    assert.notEqual(shop.cartToken, "");
    await signIn(shop);
    assert.equal((await shop.cart.syncCart({})).itemCount, 2);
    assert.equal(shop.cartToken, "");
    const { orderId } = await shop.orders.checkout({ paymentMethod: Payment_Method.CARD });
    const steps: number[] = [];
    for await (const step of shop.trackOrder(orderId)) {
      steps.push(step.sequence);
      const status = MOVES[step.sequence - 2];
      if (status !== undefined) await admin.orders.updateOrderStatus({ orderId, status });
    }
    assert.deepEqual(steps, [1, 2, 3, 4, 5]);
    await shop.logout();
    assert.equal(shop.signedIn, false);
    await assert.rejects(shop.users.getMe({}), { code: Code.Unauthenticated });
  });
}

test("errors have their reason, their facts and the wrong fields", async () => {
  const shop = createNodeClient(SHOP);
  await assert.rejects(shop.login("nobody@shop.test", "wrong-horse-1"), (error: unknown) => {
    assert(error instanceof SansetError);
    assert.deepEqual([error.code, error.reason], [Code.Unauthenticated, "INVALID_CREDENTIALS"]);
    return true;
  });
  await assert.rejects(shop.catalog.listProducts({ pageSize: -1 }), (error: unknown) => {
    assert(error instanceof SansetError);
    assert.deepEqual([error.code, error.violations[0]?.field], [Code.InvalidArgument, "page_size"]);
    return true;
  });
});

test("one refresh serves all calls whose token was refused", async () => {
  const { interceptor, seen } = failing("Refresh", 1);
  const storage = new MemoryStorage();
  const shop = clientThrough(interceptor, storage);
  await signIn(shop);
  spoil(storage);
  await Promise.all(Array.from({ length: 20 }, () => shop.users.getMe({})));
  assert.equal(seen.length, 2); // the second asks again after a lost reply
});

test("a session that the server ended is forgotten", async () => {
  let signedOut = 0;
  const storage = new MemoryStorage();
  const options = { storage, onSignedOut: () => (signedOut += 1) };
  const shop = createNodeClient(SHOP, options);
  await signIn(shop);
  const grant: unknown = JSON.parse(storage.getItem(KEY) ?? "");
  storage.setItem(KEY, JSON.stringify({ ...Object(grant), accessToken: "spoilt", refreshToken: "spoilt" }));
  await assert.rejects(shop.users.getMe({}), { code: Code.Unauthenticated });
  assert.deepEqual([shop.signedIn, signedOut], [false, 1]);
});

test("a checkout is repeated with one request id", async () => {
  const { interceptor, seen } = failing("Checkout", 2);
  const shop = clientThrough(interceptor);
  await signIn(shop);
  await buy(shop);
  const ids = seen.map((message) => Object(message).requestId);
  assert.equal(seen.length, 3);
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0], /^[0-9a-f-]{36}$/);
});

test("a client shows where its user signed in before, and keeps that after the sign-out", async () => {
  const sent: (string | null)[] = [];
  const storage = new MemoryStorage();
  const client = clientThrough((next) => (request) => {
    if (request.method.name === "Login") sent.push(request.header.get("x-device-id"));
    return next(request);
  }, storage);
  await signIn(client);
  const { deviceId } = client;
  await client.logout();
  await signIn(client);
  assert.notEqual(deviceId, "");
  assert.deepEqual(sent, [null, deviceId]);
});

test("a back end calls with its key, until that is revoked", async () => {
  const [roles, accounts] = [admin.of(RoleService), admin.of(ServiceAccountService)];
  const name = `R${randomUUID().replaceAll("-", "").slice(0, 20).toUpperCase()}`;
  await roles.createRole({ role: { name, permissions: [AccessRule_Permission.MANAGE_ORDERS] } });
  const { id } = await accounts.createServiceAccount({ serviceAccount: { name, role: name } });
  const key = await accounts.addApiKey({ serviceAccountId: id });
  const { interceptor, seen } = failing("Refresh", 0);
  const transport = createGrpcTransport({ baseUrl: SHOP, interceptors: [interceptor] });
  const backEnd = new SansetClient(transport, { apiKey: key.key });
  await backEnd.orders.listOrders({ allUsers: true });
  for await (const _ of createWebClient(WEB, { apiKey: key.key }).of(OrderService).exportOrders({})) break;
  await accounts.revokeApiKey({ serviceAccountId: id, apiKeyId: key.id });
  const refused = { code: Code.Unauthenticated, reason: "API_KEY_INVALID" };
  while (await taken(backEnd)) await new Promise((done) => setTimeout(done, 20));
  await assert.rejects(backEnd.orders.listOrders({ allUsers: true }), refused);
  assert.equal(seen.length, 0, "there is nothing to refresh");
  assert.throws(() => createNodeClient(SHOP, { apiKey: "hunter2" }), /an API key begins with sk_/);
});

/** Whether a back end's key is still taken. */
async function taken(backEnd: SansetClient): Promise<boolean> {
  return backEnd.orders.listOrders({ allUsers: true }).then(
    () => true,
    () => false,
  );
}

test("an addition to the cart is one, however often it is repeated", async () => {
  const { interceptor, seen } = failing("AddItem", 1);
  const shop = clientThrough(interceptor);
  const cart = await shop.cart.addItem({ productId });
  assert.equal(cart.itemCount, 1);
  assert.equal(seen.length, 2);
});

test("what is not declared safe is not repeated", async () => {
  const { interceptor, seen } = failing("Login", 1);
  await assert.rejects(clientThrough(interceptor).login("a@shop.test", PASSWORD), { code: Code.Unavailable });
  assert.equal(seen.length, 1);
});

test("repeats end at the deadline", async () => {
  const { interceptor } = failing("ListProducts", Infinity);
  const began = performance.now();
  const call = clientThrough(interceptor).catalog.listProducts({}, { timeoutMs: 700 });
  await assert.rejects(call, { code: Code.Unavailable });
  assert(performance.now() - began < 700);
});

test("following an order goes on after a cut, without a gap or a double", async () => {
  const { interceptor, seen } = failing("TrackOrder", 0);
  const cut: Interceptor = (next) => async (request) => {
    const response = await interceptor(next)(request);
    return response.stream && seen.length === 1 ? { ...response, message: firstOf(response.message) } : response;
  };
  const shop = clientThrough(cut);
  await signIn(shop);
  const orderId = await buy(shop);
  for (const status of MOVES) await admin.orders.updateOrderStatus({ orderId, status });
  const steps: number[] = [];
  for await (const step of shop.trackOrder(orderId)) steps.push(step.sequence);
  assert.deepEqual(steps, [1, 2, 3, 4, 5]);
  assert.equal(seen.length, 2);
});

async function* firstOf<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item;
    throw new ConnectError("the connection was lost", Code.Unknown);
  }
}
