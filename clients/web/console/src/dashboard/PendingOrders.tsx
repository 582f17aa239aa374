import { Order_Status } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { InventoryService } from "@sanset/client/gen/sanset/v1/inventory_pb.js";
import { Panel } from "../report/Panel";
import { Report } from "../report/Report";
import { ReportTable } from "../report/ReportTable";
import { moneyOf, timeOf } from "../report/format";
import { useReport } from "../report/useReport";
import { shop } from "../shop";
import { RecordLink } from "../ui/RecordLink";
import { useAllowed } from "./useAllowed";

/** Orders that wait for their payment, for those who see every order. */
export function PendingOrders() {
  // ListOrders is everybody's; what permits to see those of others is the permission that this RPC declares.
  const isAllowed = useAllowed(InventoryService.method.listAllocations);
  const about = { status: Order_Status.PENDING_PAYMENT, allUsers: true, pageSize: 5 };
  const query = useReport("pending-orders", isAllowed ? about : undefined, (page, signal) =>
    shop.orders.listOrders(page, { signal }),
  );
  if (!isAllowed) return null;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Panel title="console.dashboard.pendingOrders">
      <Report query={query}>
        {({ items }) => (
          <ReportTable
            label="console.dashboard.pendingOrders"
            empty="console.dashboard.nothingPending"
            rows={items}
            columns={[
              {
                label: "console.dashboard.order",
                cell: ({ id, number }) => (
                  <RecordLink resource="orders" id={id}>
                    {number}
                  </RecordLink>
                ),
              },
              {
                label: "console.report.time",
                cell: ({ createTime }) => timeOf(createTime, zone, { dateStyle: "medium", timeStyle: "short" }),
              },
              { label: "console.dashboard.total", isFigure: true, cell: ({ totals }) => moneyOf(totals?.total) },
            ]}
          />
        )}
      </Report>
    </Panel>
  );
}
