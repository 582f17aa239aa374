import Box from "@mui/material/Box";
import { type GetDashboardResponse, GetSalesRequest_Granularity as Granularity } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";
import { ExportButton } from "../report/ExportButton";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { SalesChart, hoursOf } from "../report/SalesChart";
import { SalesStats } from "../report/SalesStats";
import { StatCard, StatGrid } from "../report/StatCard";
import { countOf, daysOf } from "../report/format";
import { daysBetween } from "../report/days";
import { type PeriodRequest, usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";
import { LowStock } from "./LowStock";
import { PendingOrders } from "./PendingOrders";
import { PopularProducts } from "./PopularProducts";

export function ShopDashboard() {
  const { period, choose, request } = usePeriod();
  const query = useReport("dashboard", request, (about, signal) => analytics.service.getDashboard(about, { signal }));
  return (
    <>
      <Box sx={{ mb: 2 }}>
        <PeriodPicker period={period} choose={choose} />
      </Box>
      <Report query={query}>{(data) => <Stats data={data} />}</Report>
      <Sales request={request} days={daysBetween(query.data?.period?.startTime, query.data?.period?.endTime)} />
      <Box sx={{ display: "grid", gap: 2, gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))" } }}>
        <Panel title="console.dashboard.popular" actions={<ExportButton table="PRODUCTS" request={request} />}>
          <Report query={query}>{(data) => <PopularProducts products={data.popularProducts} />}</Report>
        </Panel>
        <div>
          <LowStock />
          <PendingOrders />
        </div>
      </Box>
    </>
  );
}

function Stats({ data }: { data: GetDashboardResponse }) {
  const translate = useTranslate();
  const { period } = data;
  const compared = (label: string, now: bigint, before: bigint) => (
    <StatCard label={label} value={countOf(now)} now={Number(now)} before={Number(before)} beforeText={countOf(before)} />
  );
  return (
    <>
      <Incomplete complete={period?.complete} />
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate("console.report.days", {
          days: daysOf(period?.startTime, period?.endTime, period?.timeZone ?? ""),
          zone: period?.timeZone,
        })}
      </Typography>
      <StatGrid>
        <SalesStats totals={data.sales} before={data.previousSales} />
        {compared("console.report.buyers", data.buyerCount, data.previousBuyerCount)}
        {compared("console.report.activeUsers", data.activeUserCount, data.previousActiveUserCount)}
        {compared("console.report.newUsers", data.newUserCount, data.previousNewUserCount)}
        <StatCard label="console.dashboard.users" value={countOf(data.userCount)} />
        <StatCard label="console.dashboard.pendingOrders" value={countOf(data.pendingOrderCount)} />
        <StatCard label="console.dashboard.lowStock" value={countOf(data.lowStockCount)} />
      </StatGrid>
    </>
  );
}

/** By hours for a day or two, by weeks and months for long ranges: about as many bars as there is room for. */
function granularityFor(days: number): [Granularity, Intl.DateTimeFormatOptions] {
  if (days <= 2) return [Granularity.HOUR, { day: "numeric", month: "short", hour: "2-digit" }];
  if (days <= 92) return [Granularity.DAY, { day: "numeric", month: "short" }];
  if (days <= 400) return [Granularity.WEEK, { day: "numeric", month: "short" }];
  return [Granularity.MONTH, { month: "short", year: "numeric" }];
}

function Sales({ request, days }: { request: PeriodRequest | undefined; days: number }) {
  const [granularity, format] = granularityFor(days);
  const about = days === 0 ? undefined : request && { ...request, granularity };
  const query = useReport("sales", about, (page, signal) => analytics.service.getSales(page, { signal }));
  return (
    <Panel title="console.dashboard.sales" actions={<ExportButton table="SALES" request={request} />}>
      <Report query={query} height={310}>
        {({ points, period }) => (
          <SalesChart
            points={points}
            zone={period?.timeZone ?? ""}
            format={format}
            {...(granularity === Granularity.DAY && { dayPath: hoursOf })}
          />
        )}
      </Report>
    </Panel>
  );
}
