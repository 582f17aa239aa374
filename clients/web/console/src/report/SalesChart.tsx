// Revenue over time as a chart, and for who cannot see it, or wants the figures, as a table. A day leads to its hours.
import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import { BarChart } from "@mui/x-charts/BarChart";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { SalesTotals } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { Link as RouterLink, useNavigate } from "react-router-dom";
import { amountValue } from "../data/values";
import { dayOf } from "./days";
import { countOf, moneyOf, shortMoney, timeOf } from "./format";
import { Nothing } from "./ReportTable";
import { SeriesTable } from "./SeriesTable";
import { useSeriesColors } from "./useSeriesColors";

export interface Point {
  readonly startTime?: Timestamp | undefined;
  readonly totals?: SalesTotals | undefined;
}

export function SalesChart({
  points,
  zone,
  format,
  height = 280,
  dayPath,
}: {
  points: readonly Point[];
  zone: string;
  format: Intl.DateTimeFormatOptions;
  height?: number;
  /** Where a point leads, by its day: "2026-11-29". */
  dayPath?: (day: string) => string;
}) {
  const translate = useTranslate();
  const colors = useSeriesColors();
  const navigate = useNavigate();
  const pathOf = ({ startTime }: Point) =>
    startTime && dayPath?.(dayOf(timestampDate(startTime), zone || "UTC"));
  const currency = points.find((point) => point.totals?.revenue)?.totals?.revenue?.currencyCode ?? "";
  if (points.every((point) => !point.totals?.orderCount)) return <Nothing text="console.report.noSales" />;
  const label = translate("console.report.revenue");
  return (
    <>
      <Box aria-hidden sx={{ mx: -1 }}>
        <BarChart
          height={height}
          hideLegend
          colors={colors}
          skipAnimation
          margin={{ left: 0, right: 8, top: 8, bottom: 0 }}
          xAxis={[{ data: points.map((point) => timeOf(point.startTime, zone, format)), scaleType: "band", height: 28 }]}
          yAxis={[{ width: 64, valueFormatter: (value: number) => shortMoney(value, currency) }]}
          series={[
            {
              data: points.map((point) => amountValue(point.totals?.revenue)),
              label,
              valueFormatter: (_, { dataIndex }) => {
                const totals = points[dataIndex]?.totals;
                return `${moneyOf(totals?.revenue)} · ${translate("console.report.ordersIn", { smart_count: Number(totals?.orderCount ?? 0n) })}`;
              },
            },
          ]}
          grid={{ horizontal: true }}
          {...(dayPath && {
            onAxisClick: (_, axis) => {
              const point = points[axis?.dataIndex ?? -1];
              const path = point && pathOf(point);
              if (path !== undefined) void navigate(path);
            },
          })}
        />
      </Box>
      <SeriesTable
        rows={points}
        columns={[
          {
            label: "console.report.time",
            cell: (point) => {
              const path = pathOf(point);
              const text = timeOf(point.startTime, zone, format);
              return path === undefined ? text : <Link component={RouterLink} to={path}>{text}</Link>;
            },
          },
          { label: "console.report.orders", isFigure: true, cell: ({ totals }) => countOf(totals?.orderCount ?? 0n) },
          { label: "console.report.units", isFigure: true, cell: ({ totals }) => countOf(totals?.unitCount ?? 0n) },
          { label: "console.report.paid", isFigure: true, cell: ({ totals }) => moneyOf(totals?.paid) },
          { label: "console.report.refunded", isFigure: true, cell: ({ totals }) => moneyOf(totals?.refunded) },
          { label: "console.report.revenue", isFigure: true, cell: ({ totals }) => moneyOf(totals?.revenue) },
        ]}
      />
    </>
  );
}

/** The hours of a day. */
export function hoursOf(day: string): string {
  return `/sales?${new URLSearchParams({ from: day, to: day, by: "HOUR" })}`;
}
