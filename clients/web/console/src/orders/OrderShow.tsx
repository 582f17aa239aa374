import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useRecordContext, useTranslate } from "react-admin";
import { ReturnsOfOrder } from "../returns/ReturnsOfOrder";
import { ShowPage } from "../ui/RecordPages";
import { Columns, Facts, Panel } from "../ui/Panel";
import { NamedCustomer } from "../ui/customer";
import { amountText } from "../ui/money";
import { momentText } from "../ui/time";
import { OrderActions } from "./OrderActions";
import { OrderLines } from "./OrderLines";
import { OrderPayment, OrderRefunds } from "./OrderMoney";
import { OrderParcels } from "./OrderParcels";
import { OrderStatus } from "./OrderStatus";
import { OrderSteps } from "./OrderSteps";
import { PrintSheet } from "./PrintSheet";
import type { OrderRecord } from "./record";

const T = "resources.orders";

export default function OrderShow() {
  return (
    <ShowPage actions={<OrderActions />} component="div">
      <Page />
    </ShowPage>
  );
}

function Page() {
  const order = useRecordContext<OrderRecord>();
  if (order === undefined) return null;
  return (
    <>
      <Head order={order} />
      <Dispute order={order} />
      <Columns
        main={
          <>
            <OrderLines order={order} />
            <OrderParcels order={order} />
            <ReturnsOfOrder order={order} />
            <OrderRefunds order={order} />
          </>
        }
        side={
          <>
            <OrderSteps order={order} />
            <OrderPayment order={order} />
            <Delivery order={order} />
            <Metadata order={order} />
          </>
        }
      />
      <PrintSheet order={order} />
    </>
  );
}

function Head({ order }: { order: OrderRecord }) {
  return (
    <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 2, my: 2 }}>
      <Typography variant="h5" component="p">
        {order.number}
      </Typography>
      <OrderStatus status={order.status} />
      <Typography color="text.secondary">{momentText(order.createTime)}</Typography>
      <Typography component="div">
        <NamedCustomer id={order.userId} />
      </Typography>
      <Typography variant="h6" component="p">
        {amountText(order.total)}
      </Typography>
    </Box>
  );
}

function Dispute({ order: { dispute } }: { order: OrderRecord }) {
  const translate = useTranslate();
  if (dispute === null || dispute.status === "STATUS_UNSPECIFIED") return null;
  const facts = { amount: amountText(dispute.amount), time: momentText(dispute.respondBy) };
  return (
    <Alert severity={dispute.status === "OPEN" ? "error" : "info"} sx={{ mb: 2 }}>
      {translate(`${T}.dispute.${dispute.status}`, facts)} {dispute.reason}
    </Alert>
  );
}

function Delivery({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  return (
    <Panel title={`${T}.sections.address`}>
      {order.address && (
        <Box component="address" sx={{ fontStyle: "normal", mb: 2 }}>
          {order.address.lines.map((line) => (
            <Typography key={line} variant="body2">
              {line}
            </Typography>
          ))}
        </Box>
      )}
      <Facts
        rows={[
          [`${T}.delivery.option`, translate(`${T}.delivery.${order.delivery}`)],
          [`${T}.delivery.eta`, momentText(order.eta)],
          [`${T}.delivery.delivered`, momentText(order.deliverTime)],
          [`${T}.delivery.coupon`, order.couponCode],
        ]}
      />
    </Panel>
  );
}

function Metadata({ order: { metadata } }: { order: OrderRecord }) {
  if (metadata === "") return null;
  return (
    <Panel title={`${T}.sections.metadata`}>
      <Box component="pre" tabIndex={0} sx={{ m: 0, overflowX: "auto", fontSize: "0.8rem" }}>
        {metadata}
      </Box>
    </Panel>
  );
}
