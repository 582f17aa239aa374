// What was paid for an order, and what went back.
import { useQuery } from "@tanstack/react-query";
import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { Failure } from "../ui/Failure";
import { PlainTable } from "../ui/PlainTable";
import { Facts, Panel } from "../ui/Panel";
import { StatusChip } from "../ui/StatusChip";
import { amountText } from "../ui/money";
import { momentText } from "../ui/time";
import { refundsOf } from "./calls";
import { type OrderRecord, type RefundRecord, namesOf } from "./record";

const T = "resources.orders";

const COLOURS = { PENDING: "warning", SUCCEEDED: "success", FAILED: "error" } as const;

export function OrderPayment({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const { payment } = order;
  if (payment === null) return null;
  return (
    <Panel title={`${T}.sections.payment`}>
      <Facts
        rows={[
          [`${T}.payment.method`, translate(`${T}.methods.${payment.method}`)],
          [`${T}.payment.status`, translate(`${T}.paymentStatuses.${payment.status}`)],
          [`${T}.payment.captured`, amountText(payment.captured)],
          [`${T}.payment.refunded`, Number(payment.refunded?.amount ?? 0) !== 0 && amountText(payment.refunded)],
          [`${T}.payment.declined`, payment.declined],
          [`${T}.payment.reservedUntil`, order.status === "PENDING_PAYMENT" && momentText(order.reservedUntil)],
          [`${T}.payment.gateway`, [payment.gateway, payment.gatewayId].filter(Boolean).join(": ")],
        ]}
      />
    </Panel>
  );
}

export function OrderRefunds({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const { data, error } = useQuery({
    queryKey: ["orders", "refunds", order.id, order.etag],
    queryFn: ({ signal }) => refusing(refundsOf(order.id, signal)),
  });
  const nameOf = namesOf(order.lines);
  const what = ({ units, reason }: RefundRecord) =>
    [units.map(({ variantId, quantity }) => `${quantity} × ${nameOf.get(variantId) ?? variantId}`).join(", "), reason].filter(Boolean).join(" – ");
  return (
    <Panel title={`${T}.sections.refunds`}>
      {error && <Failure failure={error} />}
      {data?.length === 0 && <Typography color="text.secondary">{translate(`${T}.refund.none`)}</Typography>}
      {data !== undefined && data.length > 0 && (
        <PlainTable
          label={`${T}.sections.refunds`}
          rows={data}
          rowKey={({ id }) => id}
          columns={[
            { title: `${T}.refund.date`, cell: ({ createTime }) => momentText(createTime) },
            { title: `${T}.refund.of`, cell: what },
            { title: `${T}.refund.origin`, cell: ({ origin }) => translate(`${T}.origins.${origin}`) },
            {
              title: `${T}.refund.status`,
              cell: ({ status }) => <StatusChip text={`${T}.refundStatuses.${status}`} color={status === "STATUS_UNSPECIFIED" ? "default" : COLOURS[status]} />,
            },
            { title: `${T}.totals.total`, cell: ({ amount }) => amountText(amount), numeric: true },
          ]}
        />
      )}
    </Panel>
  );
}
