// Values of messages as those of records: ids and amounts as text, times as ISO 8601, and back.
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Money, MoneySchema } from "@sanset/client/gen/google/type/money_pb.js";

/** An amount as it is written: exact, whatever the currency. */
export interface Amount {
  /** "12.99" */
  amount: string;
  /** Empty: the shop's. */
  currencyCode: string;
}

const WRITTEN = /^(-?)(\d{1,15})(?:[.,](\d{1,9}))?$/;

export function readAmount(money: Money | undefined): Amount | null {
  if (money === undefined) return null;
  const sign = money.units < 0n || money.nanos < 0 ? "-" : "";
  const units = money.units < 0n ? -money.units : money.units;
  const nanos = String(Math.abs(money.nanos)).padStart(9, "0").replace(/0+$/, "");
  const decimals = nanos === "" ? "" : `.${nanos.padEnd(2, "0")}`;
  return { amount: `${sign}${units}${decimals}`, currencyCode: money.currencyCode };
}

export function toMoney(amount: Amount | null | undefined): Money | undefined {
  if (amount == null || amount.amount.trim() === "") return undefined;
  const [, sign = "", units = "0", decimals = ""] = WRITTEN.exec(amount.amount.trim()) ?? [];
  const nanos = Number(decimals.padEnd(9, "0"));
  return create(MoneySchema, {
    currencyCode: amount.currencyCode,
    units: BigInt(sign + units),
    nanos: sign === "-" ? -nanos : nanos,
  });
}

/** Whether an amount can be read. */
export function isWritten(amount: string): boolean {
  return WRITTEN.test(amount.trim());
}

/** To compare, sum up and draw; never to send. */
export function amountValue(money: Money | undefined): number {
  return money === undefined ? 0 : Number(money.units) + money.nanos / 1e9;
}

export function readTime(time: Timestamp | undefined): string | null {
  return time === undefined ? null : timestampDate(time).toISOString();
}

/** Inputs give dates, records have text. */
export function toTime(time: string | Date | null | undefined): Timestamp | undefined {
  if (time == null || time === "") return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : timestampFromDate(date);
}

export function readId(id: bigint): string {
  return id === 0n ? "" : id.toString();
}

/** Nothing is 0, which the contract reads as none. */
export function toId(id: string | number | null | undefined): bigint {
  return id == null || id === "" ? 0n : BigInt(id);
}

/** A share in percent, as people write it, of the contract's basis points. */
export function readPercent(basisPoints: number): number {
  return basisPoints / 100;
}

export function toBasisPoints(percent: number | null | undefined): number {
  return Math.round((percent ?? 0) * 100);
}
