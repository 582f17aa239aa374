import Box from "@mui/material/Box";
import { BarChart } from "@mui/x-charts/BarChart";
import {
  ListTopSalesRequest_Dimension as Dimension,
  type ListTopSalesResponse_Item as Item,
  ListTopSalesRequest_Measure as Measure,
} from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { amountValue } from "../data/values";
import { spokenLanguage } from "../i18n/language";
import { Choice, useChoice } from "../report/Choice";
import { ExportButton } from "../report/ExportButton";
import { PageButtons } from "../report/PageButtons";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { ReportTable } from "../report/ReportTable";
import { SameDays } from "../report/SameDays";
import { countOf, moneyOf, shortMoney } from "../report/format";
import { usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { usePages } from "../report/usePages";
import { useReport } from "../report/useReport";
import { useSeriesColors } from "../report/useSeriesColors";
import { RecordLink } from "../ui/RecordLink";

const DIMENSIONS = ["PRODUCT", "CATEGORY", "BRAND", "USER", "COUNTRY", "COUPON"] as const;
const MEASURES = ["REVENUE", "UNITS", "ORDERS"] as const;
type By = (typeof DIMENSIONS)[number];
type Of = (typeof MEASURES)[number];

const TABLES = {
  PRODUCT: "PRODUCTS",
  CATEGORY: "CATEGORIES",
  BRAND: "BRANDS",
  USER: "USERS",
  COUNTRY: "COUNTRIES",
  COUPON: "COUPONS",
} as const satisfies Record<By, string>;

/** The resources whose records the rows are. */
const RESOURCES: Partial<Record<By, string>> = {
  PRODUCT: "products",
  CATEGORY: "categories",
  USER: "customers",
  COUPON: "coupons",
};

export default function TopSalesPage() {
  const { period, choose, request } = usePeriod();
  const [by, chooseBy] = useChoice("of", DIMENSIONS);
  const [measure, chooseMeasure] = useChoice("by", MEASURES);
  const about = request && { ...request, dimension: Dimension[by], measure: Measure[measure], pageSize: 20 };
  const pages = usePages(about);
  const query = useReport("top-sales", about && { ...about, pageToken: pages.pageToken }, (page, signal) =>
    analytics.service.listTopSales(page, { signal }),
  );
  const controls = (
    <>
      <PeriodPicker period={period} choose={choose} />
      <Choice label="pages.top-sales.dimension" texts="pages.top-sales.dimensions" values={DIMENSIONS} value={by} choose={chooseBy} />
      <Choice label="pages.top-sales.measure" texts="pages.top-sales.measures" values={MEASURES} value={measure} choose={chooseMeasure} />
    </>
  );
  return (
    <ReportPage name="top-sales" controls={controls}>
      <Report query={query} height={480}>
        {({ items, nextPageToken, period: told }) => (
          <>
            <Incomplete complete={told?.complete} />
            <SameDays period={told} on="top-sales" />
            {items.length > 0 && !pages.hasPrevious && (
              <Panel title="pages.top-sales.chart">
                <TopChart items={items.slice(0, 10)} by={by} measure={measure} />
              </Panel>
            )}
            <Panel
              title={`pages.top-sales.dimensions.${by}`}
              actions={<ExportButton table={TABLES[by]} request={request} />}
            >
              <TopTable items={items} by={by} />
              <PageButtons pages={pages} nextPageToken={nextPageToken} />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

function TopChart({ items, by, measure }: { items: readonly Item[]; by: By; measure: Of }) {
  const translate = useTranslate();
  const colors = useSeriesColors();
  const currency = items[0]?.revenue?.currencyCode ?? "";
  const valueOf = ({ revenue, unitCount, orderCount }: Item) =>
    measure === "REVENUE" ? amountValue(revenue) : Number(measure === "UNITS" ? unitCount : orderCount);
  const write = (value: number | null) => (measure === "REVENUE" ? shortMoney(value ?? 0, currency) : countOf(value ?? 0));
  return (
    <Box aria-hidden>
      <BarChart
        layout="horizontal"
        height={40 + items.length * 30}
        hideLegend
        colors={colors}
        skipAnimation
        margin={{ left: 0, right: 40, top: 0, bottom: 0 }}
        yAxis={[
          {
            data: items.map((item, index) => `${index + 1}. ${nameOf(item, by) || translate("pages.top-sales.noName")}`),
            scaleType: "band",
            width: 180,
            valueFormatter: (name: string) => (name.length > 24 ? `${name.slice(0, 23)}…` : name),
          },
        ]}
        xAxis={[{ valueFormatter: write, height: 28, tickNumber: 5 }]}
        series={[{ data: items.map(valueOf), valueFormatter: write }]}
        grid={{ vertical: true }}
      />
    </Box>
  );
}

function TopTable({ items, by }: { items: readonly Item[]; by: By }) {
  const translate = useTranslate();
  const resource = RESOURCES[by];
  return (
    <ReportTable
      label={`pages.top-sales.dimensions.${by}`}
      rows={items}
      columns={[
        {
          label: "pages.top-sales.item",
          cell: (item) => {
            const name = nameOf(item, by) || translate("pages.top-sales.noName");
            return resource === undefined ? name : <RecordLink resource={resource} id={item.id}>{name}</RecordLink>;
          },
        },
        { label: "console.report.orders", isFigure: true, cell: ({ orderCount }) => countOf(orderCount) },
        { label: "console.report.units", isFigure: true, cell: ({ unitCount }) => countOf(unitCount) },
        { label: "console.report.paid", isFigure: true, cell: ({ paid }) => moneyOf(paid) },
        { label: "console.report.refunded", isFigure: true, cell: ({ refunded }) => moneyOf(refunded) },
        { label: "console.report.revenue", isFigure: true, cell: ({ revenue }) => moneyOf(revenue) },
      ]}
    />
  );
}

/** Countries are codes; browsers know their names. */
function nameOf({ name }: Item, by: By): string {
  if (by !== "COUNTRY" || !/^[A-Z]{2}$/.test(name)) return name;
  return new Intl.DisplayNames(spokenLanguage(), { type: "region" }).of(name) ?? name;
}
