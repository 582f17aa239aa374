import { Link, TopToolbar, useGetOne, useRecordContext } from "react-admin";
import type { OrderRecord } from "../orders/record";
import { ShowPage } from "../ui/RecordPages";
import { Facts, Panel } from "../ui/Panel";
import { momentText } from "../ui/time";
import { ReturnActions } from "./ReturnActions";
import { ReturnStatus } from "./ReturnStatus";
import { unitsText } from "./ReturnsOfOrder";
import type { ReturnRecord } from "./calls";

const F = "resources.returns.fields";

export default function ReturnShow() {
  return (
    <ShowPage actions={<Actions />} component="div">
      <Page />
    </ShowPage>
  );
}

function useReturn() {
  const returned = useRecordContext<ReturnRecord>();
  const { data: order } = useGetOne<OrderRecord>("orders", { id: returned?.orderId ?? "" }, { enabled: returned !== undefined });
  return { returned, order };
}

function Actions() {
  const { returned, order } = useReturn();
  return <TopToolbar>{returned && <ReturnActions returned={returned} order={order} />}</TopToolbar>;
}

function Page() {
  const { returned, order } = useReturn();
  if (returned === undefined) return null;
  return (
    <Panel title={order?.number ?? ""} actions={<ReturnStatus status={returned.status} />}>
      <Facts
        rows={[
          [`${F}.orderId`, <Link key="order" to={`/orders/${returned.orderId}/show`}>{order?.number ?? returned.orderId}</Link>],
          [`${F}.units`, unitsText(returned, order)],
          [`${F}.reason`, returned.reason],
          [`${F}.comment`, returned.comment],
          [`${F}.createTime`, momentText(returned.createTime)],
          [`${F}.updateTime`, momentText(returned.updateTime)],
        ]}
      />
    </Panel>
  );
}
