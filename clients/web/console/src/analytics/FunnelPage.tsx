import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import type { ListProductFunnelsResponse_Item as Item, SalesFunnel } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { useTranslate } from "react-admin";
import { readAmount } from "../data/values";
import { PageButtons } from "../report/PageButtons";
import { Panel } from "../report/Panel";
import { PeriodPicker } from "../report/PeriodPicker";
import { Incomplete, Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { ReportTable } from "../report/ReportTable";
import { SaveTableButton } from "../report/SaveTableButton";
import { countOf, moneyOf, percentOf } from "../report/format";
import { usePeriod } from "../report/period";
import { analytics } from "../report/service";
import { usePages } from "../report/usePages";
import { useReport } from "../report/useReport";
import { RecordLink } from "../ui/RecordLink";

export default function FunnelPage() {
  const { period, choose, request } = usePeriod();
  const about = request && { ...request, pageSize: 20 };
  const pages = usePages(about);
  const query = useReport("funnel", about && { ...about, pageToken: pages.pageToken }, (page, signal) =>
    analytics.service.listProductFunnels(page, { signal }),
  );
  return (
    <ReportPage name="funnel" controls={<PeriodPicker period={period} choose={choose} />}>
      <Report query={query} height={480}>
        {({ funnel, items, nextPageToken, period: told }) => (
          <>
            <Incomplete complete={told?.complete} />
            <Panel title="pages.funnel.all">
              <Steps funnel={funnel} />
            </Panel>
            <Panel title="pages.funnel.products" actions={<SaveTableButton name="funnel" rows={items.map(rowOf)} />}>
              <Products items={items} />
              <PageButtons pages={pages} nextPageToken={nextPageToken} />
            </Panel>
          </>
        )}
      </Report>
    </ReportPage>
  );
}

/** Each step as a bar, as long as its share of the views. */
function Steps({ funnel }: { funnel: SalesFunnel | undefined }) {
  const translate = useTranslate();
  const views = Number(funnel?.viewCount ?? 0n);
  const steps = [
    ["views", funnel?.viewCount],
    ["cartAdditions", funnel?.cartAdditionCount],
    ["checkouts", funnel?.checkoutCount],
    ["orders", funnel?.orderCount],
  ] as const;
  return (
    <Box component="ol" sx={{ listStyle: "none", p: 0, m: 0, display: "grid", gap: 1.5 }}>
      {steps.map(([name, count = 0n]) => {
        const share = views === 0 ? 0 : Number(count) / views;
        return (
          <li key={name}>
            <Box sx={{ display: "flex", justifyContent: "space-between", gap: 2, flexWrap: "wrap" }}>
              <Typography>{translate(`pages.funnel.steps.${name}`)}</Typography>
              <Typography sx={{ fontVariantNumeric: "tabular-nums" }}>
                {countOf(count)}
                {name !== "views" && views > 0 && (
                  <Typography component="span" variant="body2" color="text.secondary" sx={{ ml: 1 }}>
                    {translate("pages.funnel.ofViews", { share: percentOf(share) })}
                  </Typography>
                )}
              </Typography>
            </Box>
            <Box sx={{ height: 12, borderRadius: 1, bgcolor: "action.hover" }}>
              <Box
                sx={{ height: 1, borderRadius: 1, bgcolor: "primary.main", width: `${Math.min(100, share * 100)}%`, minWidth: count > 0n ? 4 : 0 }}
              />
            </Box>
          </li>
        );
      })}
    </Box>
  );
}

function Products({ items }: { items: readonly Item[] }) {
  return (
    <ReportTable
      label="pages.funnel.products"
      rows={items}
      columns={[
        {
          label: "console.report.product",
          cell: ({ productId, name }) => (
            <RecordLink resource="products" id={productId}>
              {name}
            </RecordLink>
          ),
        },
        { label: "pages.funnel.steps.views", isFigure: true, cell: ({ funnel }) => countOf(funnel?.viewCount ?? 0n) },
        { label: "pages.funnel.viewers", isFigure: true, cell: ({ viewerCount }) => countOf(viewerCount) },
        { label: "pages.funnel.cartRate", isFigure: true, cell: ({ funnel }) => percentOf(funnel?.cartRate ?? 0) },
        { label: "pages.funnel.steps.checkouts", isFigure: true, cell: ({ funnel }) => countOf(funnel?.checkoutCount ?? 0n) },
        { label: "console.report.orders", isFigure: true, cell: ({ funnel }) => countOf(funnel?.orderCount ?? 0n) },
        { label: "pages.funnel.conversionRate", isFigure: true, cell: ({ funnel }) => percentOf(funnel?.conversionRate ?? 0) },
        { label: "console.report.revenue", isFigure: true, cell: ({ revenue }) => moneyOf(revenue) },
      ]}
    />
  );
}

function rowOf({ productId, name, funnel, viewerCount, keptUnitCount, revenue }: Item) {
  return {
    product_id: productId,
    name,
    views: funnel?.viewCount,
    viewers: viewerCount,
    cart_additions: funnel?.cartAdditionCount,
    checkouts: funnel?.checkoutCount,
    orders: funnel?.orderCount,
    kept_units: keptUnitCount,
    revenue: readAmount(revenue)?.amount,
    currency: revenue?.currencyCode,
  };
}
