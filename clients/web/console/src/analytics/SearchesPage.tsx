import Typography from "@mui/material/Typography";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  GetSearchAnalyticsRequest_Queries as Queries,
  type SearchAnalytics,
  type SearchAnalytics_Query as Query,
} from "@sanset/client/gen/sanset/v1/search_admin_pb.js";
import { SearchService } from "@sanset/client/gen/sanset/v1/search_service_pb.js";
import { useTranslate } from "react-admin";
import { readAmount } from "../data/values";
import { spokenLanguage } from "../i18n/language";
import { Choice, useChoice } from "../report/Choice";
import { PageButtons } from "../report/PageButtons";
import { Panel } from "../report/Panel";
import { Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { ReportTable } from "../report/ReportTable";
import { SaveTableButton } from "../report/SaveTableButton";
import { StatCard, StatGrid } from "../report/StatCard";
import { countOf, moneyOf, percentOf } from "../report/format";
import { usePages } from "../report/usePages";
import { useReport } from "../report/useReport";
import { shop } from "../shop";

const search = shop.of(SearchService);
const DAYS = ["30", "7", "90"] as const;
const KINDS = ["TOP", "ZERO_RESULTS"] as const;

export default function SearchesPage() {
  const [days, chooseDays] = useChoice("days", DAYS);
  const [kind, chooseKind] = useChoice("queries", KINDS);
  const about = { days: Number(days), queries: Queries[kind], pageSize: 20 };
  const pages = usePages(about);
  const query = useReport("searches", { ...about, pageToken: pages.pageToken }, (page, signal) =>
    search.getSearchAnalytics(page, { signal }),
  );
  const controls = (
    <>
      <Choice label="pages.searches.days" values={DAYS} value={days} choose={chooseDays} />
      <Choice label="pages.searches.queries" texts="pages.searches.kinds" values={KINDS} value={kind} choose={chooseKind} />
    </>
  );
  return (
    <ReportPage name="searches" controls={controls}>
      <Report query={query} height={480}>
        {({ items, nextPageToken, analytics }) => (
          <>
            <Totals analytics={analytics} />
            <Panel title="pages.searches.queries" actions={<SaveTableButton name="searches" rows={items.map(rowOf)} />}>
              <QueryTable items={items} />
              <PageButtons pages={pages} nextPageToken={nextPageToken} />
            </Panel>
            <Panel title="pages.searches.positions">
              <Positions analytics={analytics} />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

function Totals({ analytics }: { analytics: SearchAnalytics | undefined }) {
  const translate = useTranslate();
  const totals = analytics?.totals;
  const counted = analytics?.countTime && timestampDate(analytics.countTime).toLocaleTimeString(spokenLanguage(), { timeStyle: "short" });
  return (
    <>
      <StatGrid>
        <StatCard label="pages.searches.searchCount" value={countOf(totals?.searchCount ?? 0n)} />
        <StatCard label="pages.searches.zeroResults" value={countOf(totals?.zeroResultCount ?? 0n)} />
        <StatCard label="pages.searches.corrected" value={countOf(totals?.correctedCount ?? 0n)} />
        <StatCard label="pages.searches.ctr" value={percentOf(totals?.clickThroughRate ?? 0)} />
        <StatCard label="pages.searches.conversion" value={percentOf(totals?.conversionRate ?? 0)} />
        <StatCard label="console.report.revenue" value={moneyOf(totals?.revenue)} />
      </StatGrid>
      {counted !== undefined && (
        <Typography variant="body2" color="text.secondary" sx={{ mb: 2 }}>
          {translate("pages.searches.counted", { time: counted })}
        </Typography>
      )}
    </>
  );
}

function QueryTable({ items }: { items: readonly Query[] }) {
  return (
    <ReportTable
      label="pages.searches.queries"
      empty="pages.searches.empty"
      rows={items}
      columns={[
        { label: "pages.searches.query", cell: ({ query }) => query },
        { label: "pages.searches.searchCount", isFigure: true, cell: ({ totals }) => countOf(totals?.searchCount ?? 0n) },
        { label: "pages.searches.zeroResults", isFigure: true, cell: ({ totals }) => countOf(totals?.zeroResultCount ?? 0n) },
        { label: "pages.searches.clicks", isFigure: true, cell: ({ totals }) => countOf(totals?.clickCount ?? 0n) },
        { label: "pages.searches.cartAdditions", isFigure: true, cell: ({ totals }) => countOf(totals?.cartAdditionCount ?? 0n) },
        { label: "console.report.orders", isFigure: true, cell: ({ totals }) => countOf(totals?.orderCount ?? 0n) },
        { label: "console.report.revenue", isFigure: true, cell: ({ totals }) => moneyOf(totals?.revenue) },
      ]}
    />
  );
}

function Positions({ analytics }: { analytics: SearchAnalytics | undefined }) {
  return (
    <ReportTable
      label="pages.searches.positions"
      empty="pages.searches.empty"
      rows={analytics?.positions ?? []}
      columns={[
        { label: "pages.searches.position", cell: ({ position }) => position },
        { label: "pages.searches.impressions", isFigure: true, cell: ({ impressionCount }) => countOf(impressionCount) },
        { label: "pages.searches.clicks", isFigure: true, cell: ({ clickCount }) => countOf(clickCount) },
        { label: "pages.searches.positionRate", isFigure: true, cell: ({ clickThroughRate }) => percentOf(clickThroughRate) },
        { label: "console.report.orders", isFigure: true, cell: ({ orderCount }) => countOf(orderCount) },
      ]}
    />
  );
}

function rowOf({ query, totals }: Query) {
  return {
    query,
    searches: totals?.searchCount,
    zero_results: totals?.zeroResultCount,
    clicks: totals?.clickCount,
    cart_additions: totals?.cartAdditionCount,
    orders: totals?.orderCount,
    revenue: readAmount(totals?.revenue)?.amount,
    currency: totals?.revenue?.currencyCode,
  };
}
