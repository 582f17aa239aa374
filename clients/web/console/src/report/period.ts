// The time that a report is about. It stands in the address, so that a report can be kept and sent to others.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SalesPeriod_Range as Range } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useSearchParams } from "react-router-dom";
import { dayAfter, firstMoment } from "./days";
import { useShopZone } from "./zone";

export const RANGES = [
  "TODAY",
  "YESTERDAY",
  "LAST_7_DAYS",
  "LAST_30_DAYS",
  "LAST_90_DAYS",
  "LAST_365_DAYS",
  "THIS_MONTH",
  "LAST_MONTH",
  "THIS_YEAR",
  "LAST_YEAR",
] as const;

export type RangeName = (typeof RANGES)[number];

/** A range by its name, or by its first and last day ("2026-11-29"). */
export type Period = { readonly range: RangeName } | { readonly from: string; readonly to: string };

/** What requests say of the time. */
export interface PeriodRequest {
  readonly range?: Range;
  readonly startTime?: Timestamp;
  readonly endTime?: Timestamp;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const USUAL: Period = { range: "LAST_30_DAYS" };

/** The period that the address names, how to name another, and what to ask for; undefined while the shop's zone is read. */
export function usePeriod(): { period: Period; choose: (period: Period) => void; request: PeriodRequest | undefined } {
  const [parameters, setParameters] = useSearchParams();
  const period = periodIn(parameters);
  const zone = useShopZone();
  const choose = (chosen: Period) =>
    setParameters(
      (current) => {
        const next = new URLSearchParams(current);
        for (const name of ["range", "from", "to"]) next.delete(name);
        for (const [name, value] of Object.entries(chosen)) next.set(name, value as string);
        return next;
      },
      { replace: true },
    );
  return { period, choose, request: requestFor(period, zone) };
}

function periodIn(parameters: URLSearchParams): Period {
  const range = parameters.get("range");
  const known = RANGES.find((name) => name === range);
  if (known !== undefined) return { range: known };
  const [from, to] = [parameters.get("from") ?? "", parameters.get("to") ?? ""];
  return DAY.test(from) && DAY.test(to) ? { from, to } : USUAL;
}

function requestFor(period: Period, zone: string | undefined): PeriodRequest | undefined {
  if ("range" in period) return { range: Range[period.range] };
  if (zone === undefined) return undefined;
  return {
    startTime: timestampFromDate(firstMoment(period.from, zone)),
    endTime: timestampFromDate(firstMoment(dayAfter(period.to), zone)),
  };
}
