// A purchase from registering to delivery: node walk.js [URL]. The commands that make gen/ts are in docs/clients.md.
import { randomUUID } from "node:crypto";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "./gen/ts/google/rpc/error_details_pb.js";
import { AuthService } from "./gen/ts/sanset/v1/auth_pb.js";
import { CartService } from "./gen/ts/sanset/v1/cart_pb.js";
import { CatalogService } from "./gen/ts/sanset/v1/catalog_pb.js";
import { Order_Status } from "./gen/ts/sanset/v1/order_pb.js";
import { OrderService } from "./gen/ts/sanset/v1/order_service_pb.js";
import { Payment_Method } from "./gen/ts/sanset/v1/payment_pb.js";
import { RecommendService } from "./gen/ts/sanset/v1/recommend_pb.js";
import { UserService } from "./gen/ts/sanset/v1/user_pb.js";

const baseUrl = process.argv[2] ?? "http://localhost:50051";
const transport = createGrpcTransport({ baseUrl, defaultTimeoutMs: 10_000 });
const auth = createClient(AuthService, transport);
const cart = createClient(CartService, transport);
const catalog = createClient(CatalogService, transport);
const orders = createClient(OrderService, transport);

const email = `walker-${randomUUID()}@example.com`;
const password = "walk-the-shop-1";
await auth.register({ fullName: "Walker", email, password });
const tokens = await auth.login({ email, password });
const me = { headers: { authorization: `Bearer ${tokens.accessToken}` } };

const address = { line1: "1 Main Street", city: "Springfield", country: "US" };
await createClient(UserService, transport).createAddress({ address }, me);
const { items: [product] } = await catalog.listProducts({ pageSize: 1 });
if (product === undefined) throw new Error("the shop is empty");
const full = await cart.addItem({ productId: product.id, quantity: 2 }, me);

// One purchase is one request id, however often it is sent.
const purchase = { paymentMethod: Payment_Method.CARD, requestId: randomUUID(), expectedTotal: full.totals?.total };
const { orderId } = await orders.checkout(purchase, me);
const { orderId: again, order } = await orders.checkout(purchase, me);
console.log(`order ${orderId}`);
console.log(`the same again: ${again === orderId}, paid by ${Payment_Method[order?.payment?.method ?? 0]}`);

for await (const { content } of orders.trackOrder({ orderId }, { ...me, timeoutMs: 60_000 })) {
  if (content.case === "event") console.log(`step ${content.value.sequence} ${Order_Status[content.value.status]}`);
  if (content.case === "end") console.log(`end ${Order_Status[content.value.status]}`);
}

await createClient(RecommendService, transport).getRecommendations({ limit: 3 }, me);
try {
  await cart.addItem({ productId: product.id, quantity: 1_000_000 }, me);
} catch (error) {
  console.log(`refused ${ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason}`);
}
