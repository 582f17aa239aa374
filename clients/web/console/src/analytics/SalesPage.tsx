import { GetSalesRequest_Granularity as Granularity } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";
import { Choice, useChoice } from "../report/Choice";
import { ExportButton } from "../report/ExportButton";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { SameDays } from "../report/SameDays";
import { SalesChart, hoursOf } from "../report/SalesChart";
import { SalesStats } from "../report/SalesStats";
import { StatGrid } from "../report/StatCard";
import { daysOf } from "../report/format";
import { usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";

const GRANULARITIES = ["DAY", "HOUR", "WEEK", "MONTH", "YEAR"] as const;

const FORMATS: Record<(typeof GRANULARITIES)[number], Intl.DateTimeFormatOptions> = {
  HOUR: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  DAY: { month: "short", day: "numeric" },
  WEEK: { month: "short", day: "numeric", year: "2-digit" },
  MONTH: { month: "short", year: "numeric" },
  YEAR: { year: "numeric" },
};

export default function SalesPage() {
  const translate = useTranslate();
  const { period, choose, request } = usePeriod();
  const [by, chooseBy] = useChoice("by", GRANULARITIES);
  const query = useReport("sales", request && { ...request, granularity: Granularity[by] }, (about, signal) =>
    analytics.service.getSales(about, { signal }),
  );
  const controls = (
    <>
      <PeriodPicker period={period} choose={choose} />
      <Choice label="pages.sales.granularity" texts="pages.sales.granularities" values={GRANULARITIES} value={by} choose={chooseBy} />
    </>
  );
  return (
    <ReportPage name="sales" controls={controls}>
      <Report query={query} height={420}>
        {({ period: told, points, totals, previousTotals }) => (
          <>
            <Incomplete complete={told?.complete} />
            <SameDays period={told} on="sales" />
            <StatGrid>
              <SalesStats totals={totals} before={previousTotals} />
            </StatGrid>
            <Panel title="pages.sales.chart" actions={<ExportButton table="SALES" request={request} />}>
              <Typography variant="body2" color="text.secondary">
                {translate("console.report.days", {
                  days: daysOf(told?.startTime, told?.endTime, told?.timeZone ?? ""),
                  zone: told?.timeZone,
                })}
              </Typography>
              <SalesChart points={points} zone={told?.timeZone ?? ""} format={FORMATS[by]} height={360} {...(by === "DAY" && { dayPath: hoursOf })} />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}
