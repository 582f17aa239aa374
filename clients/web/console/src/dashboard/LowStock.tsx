import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { Panel } from "../report/Panel";
import { Report } from "../report/Report";
import { ReportTable } from "../report/ReportTable";
import { countOf } from "../report/format";
import { useReport } from "../report/useReport";
import { shop } from "../shop";
import { RecordLink } from "../ui/RecordLink";
import { useAllowed } from "./useAllowed";

const inventory = shop.of(InventoryService);

/** The variants that are about to sell out, for those who see to the stock; of vendors their own. */
export function LowStock() {
  const isAllowed = useAllowed(InventoryService.method.listLowStock);
  const query = useReport("low-stock", isAllowed ? { pageSize: 5 } : undefined, (about, signal) =>
    inventory.listLowStock(about, { signal }),
  );
  if (!isAllowed) return null;
  return (
    <Panel title="console.dashboard.lowStock">
      <Report query={query}>
        {({ items }) => (
          <ReportTable
            label="console.dashboard.lowStock"
            empty="console.dashboard.stockIsFine"
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
              { label: "console.dashboard.sku", cell: ({ sku }) => sku },
              { label: "console.dashboard.available", isFigure: true, cell: ({ available }) => countOf(available) },
            ]}
          />
        )}
      </Report>
    </Panel>
  );
}
