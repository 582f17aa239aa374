import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import type { Money } from "@sanset/client/gen/google/type/money_pb.js";
import type { GetRevenueResponse, RevenueSplit, SalesShare } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { amountValue } from "../data/values";
import { ExportButton } from "../report/ExportButton";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { ReportTable } from "../report/ReportTable";
import { SameDays } from "../report/SameDays";
import { StatCard, StatGrid } from "../report/StatCard";
import { moneyOf, percentOf } from "../report/format";
import { usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";

type Part = { [K in keyof RevenueSplit]: RevenueSplit[K] extends Money | undefined ? K : never }[keyof RevenueSplit] & string;

/** In the order in which they make up the revenue, each with its sign. */
const PARTS: readonly (readonly [sign: string, part: Exclude<Part, "$typeName" | "$unknown">])[] = [
  ["", "listPrice"],
  ["−", "productDiscount"],
  ["−", "tierDiscount"],
  ["−", "couponDiscount"],
  ["−", "pointsDiscount"],
  ["+", "tax"],
  ["+", "shipping"],
  ["=", "paid"],
  ["−", "refunded"],
  ["", "refundedTax"],
  ["", "refundedShipping"],
  ["=", "revenue"],
];

export default function RevenuePage() {
  const { period, choose, request } = usePeriod();
  const query = useReport("revenue", request, (about, signal) => analytics.service.getRevenue(about, { signal }));
  return (
    <ReportPage name="revenue" controls={<PeriodPicker period={period} choose={choose} />}>
      <Report query={query} height={480}>
        {(data) => (
          <>
            <Incomplete complete={data.period?.complete} />
            <SameDays period={data.period} on="revenue" />
            <Panel title="pages.revenue.split" actions={<ExportButton table="SALES" request={request} />}>
              <Split data={data} />
            </Panel>
            <Panel title="pages.revenue.shares">
              <StatGrid>
                <Share label="pages.revenue.coupons" share={data.coupons} />
                <Share label="pages.revenue.recommendations" share={data.recommendations} />
              </StatGrid>
              <Hint />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

function Split({ data: { revenue, previousRevenue } }: { data: GetRevenueResponse }) {
  const translate = useTranslate();
  return (
    <ReportTable
      label="pages.revenue.split"
      rows={PARTS}
      columns={[
        {
          label: "pages.revenue.part",
          cell: ([sign, part]) => {
            const text = `${sign} ${translate(`pages.revenue.parts.${part}`)}`;
            if (sign === "") return <Box component="span" sx={{ pl: part === "listPrice" ? 0 : 3 }}>{text}</Box>;
            return sign === "=" ? <strong>{text}</strong> : text;
          },
        },
        { label: "pages.revenue.now", isFigure: true, cell: ([, part]) => moneyOf(revenue?.[part]) },
        { label: "pages.revenue.before", isFigure: true, cell: ([, part]) => moneyOf(previousRevenue?.[part]) },
        {
          label: "pages.revenue.change",
          isFigure: true,
          cell: ([, part]) => changeText(amountValue(revenue?.[part]), amountValue(previousRevenue?.[part])),
        },
      ]}
    />
  );
}

function changeText(now: number, before: number): string {
  if (before === 0) return "–";
  return percentOf(now / before - 1, 1, "exceptZero");
}

function Share({ label, share }: { label: string; share: SalesShare | undefined }) {
  const translate = useTranslate();
  return (
    <StatCard label={label} value={moneyOf(share?.revenue)}>
      <Typography variant="body2" color="text.secondary">
        {translate("pages.revenue.share", {
          share: percentOf(share?.revenueShare ?? 0),
          smart_count: Number(share?.orderCount ?? 0n),
        })}
      </Typography>
    </StatCard>
  );
}

function Hint() {
  const translate = useTranslate();
  return (
    <Typography variant="body2" color="text.secondary">
      {translate("pages.revenue.recommendationsHint")}
    </Typography>
  );
}
