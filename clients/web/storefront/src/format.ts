// How amounts, days and counts are written, in the language of the browser.
import type { Money } from "@sanset/client/gen/google/type/money_pb.js";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";

const amounts = new Map<string, Intl.NumberFormat>();
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** "$24.90", or "" for none. */
export function money(amount: Money | undefined): string {
  if (amount === undefined) return "";
  let format = amounts.get(amount.currencyCode);
  if (format === undefined) {
    format = new Intl.NumberFormat(undefined, { style: "currency", currency: amount.currencyCode });
    amounts.set(amount.currencyCode, format);
  }
  return format.format(value(amount));
}

/** The amount as a number, to compare and show, never to calculate what is paid. */
export function value(amount: Money | undefined): number {
  return amount === undefined ? 0 : Number(amount.units) + amount.nanos / 1e9;
}

export function isPositive(amount: Money | undefined): boolean {
  return value(amount) > 0;
}

export function day(time: Timestamp | undefined): string {
  return time === undefined ? "" : days.format(timestampDate(time));
}

export function moment(time: Timestamp | undefined): string {
  return time === undefined ? "" : moments.format(timestampDate(time));
}

/** "1 item", "3 items". */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
