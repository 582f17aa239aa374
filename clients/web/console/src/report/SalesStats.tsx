import type { SalesTotals } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { amountValue } from "../data/values";
import { countOf, moneyOf } from "./format";
import { StatCard } from "./StatCard";

type Totals = SalesTotals | undefined;

/** The cards of what was sold, beside what was sold before where that is known. */
export function SalesStats({ totals, before }: { totals: Totals; before?: Totals }) {
  return (
    <>
      <MoneyStat label="console.report.revenue" of="revenue" totals={totals} before={before} />
      <CountStat label="console.report.orders" of="orderCount" totals={totals} before={before} />
      <CountStat label="console.report.keptUnits" of="keptUnitCount" totals={totals} before={before} />
      <MoneyStat label="console.report.refunded" of="refunded" totals={totals} before={before} moreIsWorse />
    </>
  );
}

interface Part<K> {
  readonly label: string;
  readonly of: K;
  readonly totals: Totals;
  readonly before: Totals;
  readonly moreIsWorse?: boolean;
}

function MoneyStat({ label, of, totals, before, moreIsWorse = false }: Part<"revenue" | "refunded">) {
  return (
    <StatCard
      label={label}
      value={moneyOf(totals?.[of])}
      now={before && amountValue(totals?.[of])}
      before={before && amountValue(before[of])}
      beforeText={moneyOf(before?.[of])}
      moreIsWorse={moreIsWorse}
    />
  );
}

function CountStat({ label, of, totals, before }: Part<"orderCount" | "keptUnitCount">) {
  const now = totals?.[of] ?? 0n;
  return (
    <StatCard
      label={label}
      value={countOf(now)}
      now={before && Number(now)}
      before={before && Number(before[of])}
      beforeText={before && countOf(before[of])}
    />
  );
}
