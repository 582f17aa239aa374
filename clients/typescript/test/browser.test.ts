// The client in a real Chromium: SHOP and WEB as in shop.test.ts, CHROMIUM the program, PAGE_PORT where pages come from.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { Order_Status } from "../src/gen/sanset/v1/order_pb.js";
import { createNodeClient } from "../src/node.js";

const { SHOP = "", WEB = "", CHROMIUM = "/usr/bin/chromium", PAGE_PORT = "3000" } = process.env;
const ORIGIN = `http://localhost:${PAGE_PORT}`;
const MOVES = [Order_Status.PROCESSING, Order_Status.SHIPPED, Order_Status.DELIVERED];

let server: Server;
let browser: Browser;
let context: BrowserContext;

before(async () => {
  const page = new URL("page.js", import.meta.url).pathname;
  const { outputFiles } = await build({ entryPoints: [page], bundle: true, format: "iife", write: false });
  const script = outputFiles[0]?.text ?? "";
  server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8");
    response.end(isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>');
  });
  await once(server.listen(Number(PAGE_PORT), "localhost"), "listening");
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  context = await browser.newContext();
});

after(async () => {
  await browser.close();
  server.close();
});

/** Opens a tab. */
async function open(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${ORIGIN}/?shop=${encodeURIComponent(WEB)}`);
  return page;
}

test("in a page a guest buys and follows the order, and two tabs renew the token once", async () => {
  const admin = createNodeClient(SHOP);
  await admin.login("admin@shop.test", "admin-secret-1");
  const price = { currencyCode: "USD", units: 10n };
  const { id } = await admin.catalog.createProduct({ product: { name: "Mug", price, stock: 100 } });

  const page = await open();
  const orderId: bigint = await page.evaluate(`buy(${id}n)`);
  const followed = page.evaluate(`follow(${orderId}n)`);
  for (const status of MOVES) await admin.orders.updateOrderStatus({ orderId, status });
  assert.deepEqual(await followed, [1, 2, 3, 4, 5]);

  let refreshes = 0;
  const tabs = [page, await open()];
  context.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/Refresh")) refreshes += 1;
  });
  await page.evaluate("spoil()");
  const told = await Promise.all(tabs.map((tab) => tab.evaluate<string[]>("names(5)")));
  assert.deepEqual(told.flat(), Array.from({ length: 10 }, () => "Ann Buyer"));
  assert.equal(refreshes, 1);
});
