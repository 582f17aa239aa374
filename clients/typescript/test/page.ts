// What browser.test.ts runs in a page: its functions are called by their names.
import { Payment_Method } from "../src/gen/sanset/v1/payment_pb.js";
import { createWebClient } from "../src/web.js";

const KEY = "sanset.tokens";
const PASSWORD = "correct-horse-1";
const shop = createWebClient(new URLSearchParams(location.search).get("shop") ?? "", { storage: localStorage });

/** Fills a cart as a guest, signs up and buys; returns the order's id. */
async function buy(productId: bigint): Promise<bigint> {
  await shop.cart.addItem({ productId, quantity: 2 });
  const email = `user-${crypto.randomUUID()}@shop.test`;
  await shop.auth.register({ fullName: "Ann Buyer", email, password: PASSWORD });
  await shop.login(email, PASSWORD);
  await shop.users.createAddress({ address: { line1: "1 Main Street", city: "Springfield", country: "US" } });
  await shop.cart.syncCart({});
  return (await shop.orders.checkout({ paymentMethod: Payment_Method.CARD })).orderId;
}

/** Follows an order to its end; returns the sequences of its steps. */
async function follow(orderId: bigint): Promise<number[]> {
  const sequences: number[] = [];
  for await (const step of shop.trackOrder(orderId)) sequences.push(step.sequence);
  return sequences;
}

/** Makes so many calls at once; returns the names that they tell. */
async function names(count: number): Promise<string[]> {
  const replies = await Promise.all(Array.from({ length: count }, () => shop.users.getMe({})));
  return replies.map((user) => user.fullName ?? "");
}

/** Makes the stored access token one that the server refuses. */
function spoil(): void {
  const grant: unknown = JSON.parse(localStorage.getItem(KEY) ?? "");
  localStorage.setItem(KEY, JSON.stringify({ ...Object(grant), accessToken: "spoilt" }));
}

Object.assign(globalThis, { buy, follow, names, spoil });
