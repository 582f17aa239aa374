import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import type { GetVendorSalesResponse } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useTranslate } from "react-admin";
import { readAmount } from "../data/values";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { SalesChart } from "../report/SalesChart";
import { SalesStats } from "../report/SalesStats";
import { SaveTableButton } from "../report/SaveTableButton";
import { StatGrid } from "../report/StatCard";
import { dayOf } from "../report/days";
import { usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";
import { LowStock } from "./LowStock";
import { PopularProducts } from "./PopularProducts";

/** What a vendor's own products sold. */
export function VendorDashboard() {
  const translate = useTranslate();
  const { period, choose, request } = usePeriod();
  const query = useReport("vendor-sales", request, (about, signal) => analytics.service.getVendorSales(about, { signal }));
  return (
    <>
      <Box sx={{ mb: 2 }}>
        <PeriodPicker period={period} choose={choose} />
      </Box>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate("console.dashboard.ownOnly")}
      </Typography>
      <Report query={query} height={480}>
        {(data) => (
          <>
            <Incomplete complete={data.period?.complete} />
            <StatGrid>
              <SalesStats totals={data.totals} />
            </StatGrid>
            <Panel title="console.dashboard.sales" actions={<SaveTableButton name="sales" rows={rowsOf(data)} />}>
              <SalesChart
                points={data.days}
                zone={data.period?.timeZone ?? ""}
                format={{ day: "numeric", month: "short" }}
              />
            </Panel>
            <Panel title="console.dashboard.popular">
              <PopularProducts products={data.popularProducts} />
            </Panel>
          </>
        )}
      </Report>
      <LowStock />
    </>
  );
}

function rowsOf({ days, period }: GetVendorSalesResponse) {
  return days.map(({ startTime, totals }) => ({
    day: startTime && dayOf(timestampDate(startTime), period?.timeZone || "UTC"),
    orders: totals?.orderCount,
    units: totals?.unitCount,
    kept_units: totals?.keptUnitCount,
    paid: readAmount(totals?.paid)?.amount,
    refunded: readAmount(totals?.refunded)?.amount,
    revenue: readAmount(totals?.revenue)?.amount,
    currency: totals?.revenue?.currencyCode,
  }));
}
