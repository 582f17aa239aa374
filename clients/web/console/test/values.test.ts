// What the console makes of messages, and of what is typed: it is exact, and comes back as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { MoneySchema } from "@sanset/client/gen/google/type/money_pb.js";
import { readFacts, toFacts } from "../src/data/facts";
import { changedPaths, sourceOf } from "../src/data/fields";
import { PageTokens } from "../src/data/pageTokens";
import { once } from "../src/data/requestIds";
import { csvOf } from "../src/data/saveFile";
import { isWritten, readAmount, readId, readTime, toBasisPoints, toId, toMoney, toTime } from "../src/data/values";
import { dayAfter, dayOf, firstMoment } from "../src/report/days";

const money = (units: bigint, nanos: number, currencyCode = "EUR") => create(MoneySchema, { units, nanos, currencyCode });

test("amounts are exact in both directions", () => {
  for (const [amount, message] of [
    ["12.99", money(12n, 990_000_000)],
    ["0.10", money(0n, 100_000_000)],
    ["-0.05", money(0n, -50_000_000)],
    ["-3.50", money(-3n, -500_000_000)],
    ["1.005", money(1n, 5_000_000)],
    ["90071992547409.93", money(90_071_992_547_409n, 930_000_000)],
    ["7", money(7n, 0)],
  ] as const) {
    assert.deepEqual(readAmount(message), { amount, currencyCode: "EUR" });
    assert.deepEqual(toMoney({ amount, currencyCode: "EUR" }), message);
  }
  assert.deepEqual(toMoney({ amount: " 12,9 ", currencyCode: "" }), money(12n, 900_000_000, ""));
  assert.equal(toMoney(null), undefined);
  assert.equal(readAmount(undefined), null);
});

test("what is no amount is said so", () => {
  for (const text of ["12.99", "12,99", "-1", " 7 "]) assert.ok(isWritten(text), text);
  for (const text of ["", "12.", ".5", "1.000,00", "1e3", "12 €", "0.0000000001"]) assert.ok(!isWritten(text), text);
});

test("ids, times and shares", () => {
  assert.equal(readId(9_007_199_254_740_993n), "9007199254740993");
  assert.equal(toId("9007199254740993"), 9_007_199_254_740_993n);
  assert.equal(toId(null), 0n);
  const time = timestampFromDate(new Date("2026-11-29T12:00:00.123Z"));
  assert.equal(readTime(time), "2026-11-29T12:00:00.123Z");
  assert.deepEqual(toTime("2026-11-29T12:00:00.123Z"), time);
  assert.equal(toTime("nonsense"), undefined);
  assert.equal(toBasisPoints(12.29), 1229);
});

test("only what was changed is sent, by the names of the contract", () => {
  const names = { kind: ["basis_points", "amount"], percent: "basis_points" };
  const before = { id: "1", kind: "percent", percent: 5, minPurchase: null, description: "", terms: ["a"] };
  assert.deepEqual(changedPaths({ ...before, description: null }, before, names), []);
  assert.deepEqual(changedPaths({ ...before, minPurchase: { amount: "1" }, terms: ["a", "b"] }, before, names), [
    "min_purchase",
    "terms",
  ]);
  assert.deepEqual(changedPaths({ ...before, kind: "amount", percent: null }, before, names), ["basis_points", "amount"]);
});

test("what is refused is beside its field", () => {
  assert.equal(sourceOf("coupon.min_purchase.currency_code"), "minPurchase");
  assert.equal(sourceOf("coupon.code"), "code");
  assert.equal(sourceOf("product.options[2].option_values[0].name"), "options.2.optionValues.0.name");
  assert.equal(sourceOf("coupon.discount_amount.units", { amount: "discount_amount" }), "amount");
  const names = { kind: ["basis_points", "amount"], percent: "basis_points" };
  assert.equal(sourceOf("coupon.basis_points", names), "percent");
  assert.equal(sourceOf("coupon.amount", names), "kind");
  assert.equal(sourceOf("reason"), "reason");
  assert.equal(sourceOf("lines[0].unit_count"), "lines.0.unitCount");
});

test("a page in the middle is found by those before it", async () => {
  const reads: string[] = [];
  const read = (token: string) => {
    reads.push(token);
    const number = Number(token);
    return Promise.resolve({ items: [number], nextPageToken: number < 3 ? String(number + 1) : "" });
  };
  const tokens = new PageTokens();
  assert.deepEqual((await tokens.page("list", 3, read)).items, [2]);
  assert.deepEqual((await tokens.page("list", 2, read)).items, [1]);
  assert.deepEqual(reads, ["", "1", "2", "1"]);
  assert.deepEqual((await tokens.page("list", 9, read)).items, []);
});

test("the same intention has one id until it is done", async () => {
  const ids: string[] = [];
  const failing = (id: string) => {
    ids.push(id);
    return Promise.reject(new Error("lost"));
  };
  await assert.rejects(once(["create", { code: "A" }], failing));
  await assert.rejects(once(["create", { code: "A" }], failing));
  await assert.rejects(once(["create", { code: "B" }], failing));
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2]);
});

test("days begin when the clocks of the shop say", () => {
  assert.equal(firstMoment("2026-11-29", "UTC").toISOString(), "2026-11-29T00:00:00.000Z");
  assert.equal(firstMoment("2026-03-29", "Europe/Berlin").toISOString(), "2026-03-28T23:00:00.000Z");
  assert.equal(firstMoment("2026-03-30", "Europe/Berlin").toISOString(), "2026-03-29T22:00:00.000Z");
  assert.equal(firstMoment("2026-10-26", "Europe/Berlin").toISOString(), "2026-10-25T23:00:00.000Z");
  assert.equal(firstMoment("2026-11-02", "America/New_York").toISOString(), "2026-11-02T05:00:00.000Z");
  assert.equal(firstMoment("2026-07-01", "Asia/Kolkata").toISOString(), "2026-06-30T18:30:00.000Z");
  assert.equal(dayAfter("2026-12-31"), "2027-01-01");
  assert.equal(dayOf(new Date("2026-06-30T18:30:00Z"), "Asia/Kolkata"), "2026-07-01");
});

test("facts of one's own come back as they were written", () => {
  const facts = { material: "oak", weight: 1.5, parts: ["a", 2], empty: "", code: "007", said: '"yes"', wrapped: "[x", truth: "true" };
  assert.deepEqual(toFacts(readFacts(facts)), facts);
  assert.deepEqual(toFacts([{ name: "legs", value: "4" }, { name: "size", value: "1.50" }, { name: "" }, { name: "none" }]), {
    legs: 4,
    size: "1.50",
    none: "",
  });
});

test("a spreadsheet runs nothing of what a file says", async () => {
  const text = await csvOf([["sku", "why"], ["=1+1", 'a "b", c'], [3, "line\nbreak"]]).text();
  assert.equal(text.replace(/^\ufeff/, ""), 'sku,why\r\n\'=1+1,"a ""b"", c"\r\n3,"line\nbreak"\r\n');
});
