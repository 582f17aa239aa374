// Revenue over time as a chart, and for who cannot see it, or wants the figures, as a table.
import Box from "@mui/material/Box";
import { BarChart } from "@mui/x-charts/BarChart";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { SalesTotals } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { amountValue } from "../data/values";
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
}: {
  points: readonly Point[];
  zone: string;
  format: Intl.DateTimeFormatOptions;
  height?: number;
}) {
  const translate = useTranslate();
  const colors = useSeriesColors();
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
        />
      </Box>
      <SeriesTable
        rows={points}
        columns={[
          { label: "console.report.time", cell: (point) => timeOf(point.startTime, zone, format) },
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
