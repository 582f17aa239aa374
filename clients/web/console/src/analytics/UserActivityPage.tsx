import { timestampDate } from "@bufbuild/protobuf/wkt";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { LineChart } from "@mui/x-charts/LineChart";
import type { GetUserActivityResponse, GetUserActivityResponse_Day as Day } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { SaveTableButton } from "../report/SaveTableButton";
import { SeriesTable } from "../report/SeriesTable";
import { StatCard, StatGrid } from "../report/StatCard";
import { countOf, percentOf, timeOf } from "../report/format";
import { dayOf } from "../report/days";
import { usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { useReport } from "../report/useReport";
import { useSeriesColors } from "../report/useSeriesColors";

const SERIES = [
  ["activeUserCount", "console.report.activeUsers"],
  ["visitorCount", "pages.user-activity.visitors"],
  ["newUserCount", "console.report.newUsers"],
  ["buyerCount", "console.report.buyers"],
] as const;

const DAY = { month: "short", day: "numeric" } as const;

export default function UserActivityPage() {
  const { period, choose, request } = usePeriod();
  const query = useReport("user-activity", request, (about, signal) =>
    analytics.service.getUserActivity(about, { signal }),
  );
  return (
    <ReportPage name="user-activity" controls={<PeriodPicker period={period} choose={choose} />}>
      <Report query={query} height={480}>
        {(data) => (
          <>
            <Incomplete complete={data.period?.complete} />
            <Overview data={data} />
            <Panel title="pages.user-activity.chart" actions={<SaveTableButton name="user-activity" rows={rowsOf(data)} />}>
              <Days days={data.days} zone={data.period?.timeZone ?? ""} />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

function Overview({ data }: { data: GetUserActivityResponse }) {
  const translate = useTranslate();
  const compared = (label: string, now: bigint, before: bigint) => (
    <StatCard label={label} value={countOf(now)} now={Number(now)} before={Number(before)} beforeText={countOf(before)} />
  );
  const { buyerCount, repeatBuyerCount } = data;
  const share = buyerCount === 0n ? 0 : Number(repeatBuyerCount) / Number(buyerCount);
  return (
    <>
      <StatGrid>
        <StatCard label="pages.user-activity.users" value={countOf(data.userCount)} />
        {compared("console.report.activeUsers", data.activeUserCount, data.previousActiveUserCount)}
        {compared("console.report.newUsers", data.newUserCount, data.previousNewUserCount)}
        {compared("console.report.buyers", buyerCount, data.previousBuyerCount)}
        <StatCard label="pages.user-activity.repeatBuyers" value={countOf(repeatBuyerCount)}>
          <Typography variant="body2" color="text.secondary">
            {translate("pages.user-activity.repeatShare", { share: percentOf(share) })}
          </Typography>
        </StatCard>
      </StatGrid>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 2 }}>
        {translate("pages.user-activity.hint")}
      </Typography>
    </>
  );
}

function Days({ days, zone }: { days: readonly Day[]; zone: string }) {
  const translate = useTranslate();
  const colors = useSeriesColors();
  return (
    <>
      <Box aria-hidden sx={{ mx: -1 }}>
        <LineChart
          height={320}
          colors={colors}
          skipAnimation
          margin={{ left: 0, right: 16, top: 8, bottom: 0 }}
          xAxis={[{ data: days.map((day) => timeOf(day.startTime, zone, DAY)), scaleType: "point", height: 28 }]}
          yAxis={[{ width: 56 }]}
          series={SERIES.map(([of, label]) => ({
            data: days.map((day) => Number(day[of])),
            label: translate(label),
            showMark: days.length < 2,
            curve: "linear",
          }))}
          grid={{ horizontal: true }}
        />
      </Box>
      <SeriesTable
        rows={days}
        columns={[
          { label: "console.report.time", cell: (day) => timeOf(day.startTime, zone, { dateStyle: "medium" }) },
          ...SERIES.map(([of, label]) => ({ label, isFigure: true, cell: (day: Day) => countOf(day[of]) })),
        ]}
      />
    </>
  );
}

function rowsOf({ days, period }: GetUserActivityResponse) {
  return days.map((day) => ({
    day: day.startTime && dayOf(timestampDate(day.startTime), period?.timeZone || "UTC"),
    active_users: day.activeUserCount,
    visitors: day.visitorCount,
    new_users: day.newUserCount,
    buyers: day.buyerCount,
  }));
}
