import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { Link, useCanAccess, useGetList, useRecordContext, useTranslate } from "react-admin";
import { OrderStatus } from "../orders/OrderStatus";
import type { OrderRecord } from "../orders/record";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { ShowPage } from "../ui/RecordPages";
import { Columns, Facts, Panel } from "../ui/Panel";
import { deviceName } from "../ui/device";
import { amountText } from "../ui/money";
import { momentText } from "../ui/time";
import { CustomerActions } from "./CustomerActions";
import { CustomerState } from "./CustomerState";
import type { CustomerRecord, Details } from "./calls";

const T = "resources.customers";

export default function CustomerShow() {
  return (
    <ShowPage actions={<CustomerActions />} component="div">
      <Page />
    </ShowPage>
  );
}

function Page() {
  const customer = useRecordContext<CustomerRecord>();
  const { canAccess } = useCanAccess({ resource: "orders", action: "list" });
  const translate = useTranslate();
  if (customer?.details == null) return <LinearProgress aria-label={translate("ra.message.loading")} sx={{ my: 2 }} />;
  return (
    <>
      <Head customer={customer} />
      <Columns
        main={
          <>
            {canAccess && <LastOrders userId={customer.id} />}
            <Sessions details={customer.details} />
            <Failures details={customer.details} />
          </>
        }
        side={
          <>
            <Account customer={customer} />
            <Buying details={customer.details} />
          </>
        }
      />
    </>
  );
}

function Head({ customer }: { customer: CustomerRecord }) {
  return (
    <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 2, my: 2 }}>
      <Typography variant="h5" component="p">
        {customer.fullName || customer.email}
      </Typography>
      <CustomerState state={customer.state} />
    </Box>
  );
}

function Account({ customer }: { customer: CustomerRecord }) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "recommendations", action: "list" });
  return (
    <Panel title={`${T}.sections.account`}>
      <Facts
        rows={[
          [`${T}.fields.email`, customer.email],
          [`${T}.fields.username`, customer.username],
          [`${T}.fields.phone`, customer.phone],
          [`${T}.fields.role`, customer.role],
          [`${T}.fields.tier`, translate(`${T}.tiers.${customer.tier}`)],
          [`${T}.fields.createTime`, momentText(customer.createTime)],
          [`${T}.fields.updateTime`, momentText(customer.updateTime)],
        ]}
      />
      {canAccess && (
        <Typography sx={{ mt: 1 }} variant="body2">
          <Link to={`/recommendations?user=${customer.id}`}>{translate(`${T}.recommendations`)}</Link>
        </Typography>
      )}
    </Panel>
  );
}

function Buying({ details }: { details: Details }) {
  return (
    <Panel title={`${T}.sections.buying`}>
      <Facts
        rows={[
          [`${T}.buying.orders`, details.orderCount.toLocaleString()],
          [`${T}.buying.spent`, amountText(details.spent)],
          [`${T}.buying.last`, momentText(details.lastOrderTime)],
          [`${T}.buying.points`, details.points.toLocaleString()],
          [`${T}.buying.lifetime`, details.lifetimePoints.toLocaleString()],
        ]}
      />
    </Panel>
  );
}

function LastOrders({ userId }: { userId: string }) {
  const translate = useTranslate();
  const { data, error } = useGetList<OrderRecord>("orders", { filter: { userId }, pagination: { page: 1, perPage: 10 } });
  const all = `/orders?filter=${encodeURIComponent(JSON.stringify({ userId }))}&displayedFilters=${encodeURIComponent(JSON.stringify({ userId: true }))}`;
  return (
    <Panel title={`${T}.sections.orders`} actions={<Link to={all}>{translate(`${T}.allOrders`)}</Link>}>
      {error && <Failure failure={error} />}
      {data?.length === 0 && <None of="orders" />}
      {data !== undefined && data.length > 0 && (
        <PlainTable
          label={`${T}.sections.orders`}
          rows={data}
          rowKey={({ id }) => id}
          columns={[
            { title: "resources.orders.fields.number", cell: ({ id, number }) => <Link to={`/orders/${id}/show`}>{number}</Link> },
            { title: "resources.orders.fields.status", cell: ({ status }) => <OrderStatus status={status} /> },
            { title: "resources.orders.fields.createTime", cell: ({ createTime }) => momentText(createTime) },
            { title: "resources.orders.fields.total", cell: ({ total }) => amountText(total), numeric: true },
          ]}
        />
      )}
    </Panel>
  );
}

function Sessions({ details: { sessions } }: { details: Details }) {
  return (
    <Panel title={`${T}.sections.sessions`}>
      {sessions.length === 0 ? (
        <None of="sessions" />
      ) : (
        <PlainTable
          label={`${T}.sections.sessions`}
          rows={sessions}
          rowKey={({ id }) => id}
          columns={[
            { title: `${T}.session.device`, cell: ({ device }) => <span title={device}>{deviceName(device)}</span> },
            { title: `${T}.session.address`, cell: ({ address }) => address },
            { title: `${T}.session.since`, cell: ({ createTime }) => momentText(createTime) },
            { title: `${T}.session.last`, cell: ({ lastUseTime }) => momentText(lastUseTime) },
          ]}
        />
      )}
    </Panel>
  );
}

function Failures({ details: { failures } }: { details: Details }) {
  const translate = useTranslate();
  return (
    <Panel title={`${T}.sections.failures`}>
      {failures.length === 0 ? (
        <None of="failures" />
      ) : (
        <PlainTable
          label={`${T}.sections.failures`}
          rows={failures}
          rowKey={({ time, familiar }) => `${time}${familiar}`}
          columns={[
            { title: `${T}.failure.time`, cell: ({ time }) => momentText(time) },
            { title: `${T}.failure.count`, cell: ({ count }) => count, numeric: true },
            { title: `${T}.failure.lock`, cell: ({ lockEndTime }) => momentText(lockEndTime) },
            { title: `${T}.failure.familiar`, cell: ({ familiar }) => translate(`${T}.failure.${familiar ? "yes" : "no"}`) },
          ]}
        />
      )}
    </Panel>
  );
}

function None({ of }: { of: "orders" | "sessions" | "failures" }) {
  const translate = useTranslate();
  return <Typography color="text.secondary">{translate(`${T}.none.${of}`)}</Typography>;
}
