// How the figures of reports are written.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Money } from "@sanset/client/gen/google/type/money_pb.js";
import { amountValue } from "../data/values";
import { spokenLanguage } from "../i18n/language";
import { moneyText } from "../ui/money";

export function moneyOf(money: Money | undefined): string {
  return money === undefined ? "–" : moneyText(amountValue(money), money.currencyCode);
}

/** "$12.4K", for the axes of charts. */
export function shortMoney(value: number, currencyCode: string): string {
  return moneyText(value, currencyCode, { notation: "compact", maximumFractionDigits: 1 });
}

export function countOf(count: bigint | number): string {
  return count.toLocaleString(spokenLanguage());
}

/** "12.5 %", of a share between 0 and 1. */
export function percentOf(share: number, digits = 1, signDisplay: "auto" | "exceptZero" = "auto"): string {
  return share.toLocaleString(spokenLanguage(), { style: "percent", maximumFractionDigits: digits, signDisplay });
}

/** A day, or another span of time, in the shop's zone. */
export function timeOf(time: Timestamp | undefined, zone: string, options: Intl.DateTimeFormatOptions): string {
  if (time === undefined) return "–";
  return timestampDate(time).toLocaleString(spokenLanguage(), { timeZone: zone || "UTC", ...options });
}

/** "Oct 31 – Nov 29, 2026": the days from one moment up to another. */
export function daysOf(start: Timestamp | undefined, end: Timestamp | undefined, zone: string): string {
  if (start === undefined || end === undefined) return "–";
  const format = new Intl.DateTimeFormat(spokenLanguage(), { dateStyle: "medium", timeZone: zone || "UTC" });
  return format.formatRange(timestampDate(start), new Date(timestampDate(end).getTime() - 1));
}
