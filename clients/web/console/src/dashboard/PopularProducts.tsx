import type { PopularProduct } from "@sanset/client/gen/sanset/v1/analytics_pb.js";
import { ReportTable } from "../report/ReportTable";
import { countOf, moneyOf } from "../report/format";
import { RecordLink } from "../ui/RecordLink";

export function PopularProducts({ products }: { products: readonly PopularProduct[] }) {
  return (
    <ReportTable
      label="console.dashboard.popular"
      empty="console.report.noSales"
      rows={products}
      columns={[
        {
          label: "console.report.product",
          cell: ({ productId, name }) => (
            <RecordLink resource="products" id={productId}>
              {name}
            </RecordLink>
          ),
        },
        { label: "console.report.keptUnits", isFigure: true, cell: ({ keptUnitCount }) => countOf(keptUnitCount) },
        { label: "console.report.revenue", isFigure: true, cell: ({ revenue }) => moneyOf(revenue) },
      ]}
    />
  );
}
