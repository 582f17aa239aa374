import CancelIcon from "@mui/icons-material/Cancel";
import LocalShippingIcon from "@mui/icons-material/LocalShipping";
import PrintIcon from "@mui/icons-material/Print";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { DateTimeInput, TextInput, TopToolbar, useCanAccess, useRecordContext, useTranslate } from "react-admin";
import { ActionButton } from "../ui/ActionButton";
import { amountText } from "../ui/money";
import { ParcelFields, type ParcelForm, missingOfParcel, shipped } from "./ParcelFields";
import { RefundButton } from "./RefundButton";
import { cancelOrder, moveOrder } from "./calls";
import type { OrderRecord, Status } from "./record";

const T = "resources.orders";

type NextStatus = "PROCESSING" | "SHIPPED" | "DELIVERED";

const NEXT: Partial<Record<Status, NextStatus>> = { CONFIRMED: "PROCESSING", PROCESSING: "SHIPPED", SHIPPED: "DELIVERED" };
const UNSHIPPED: readonly Status[] = ["PENDING_PAYMENT", "CONFIRMED", "PROCESSING"];

export function OrderActions() {
  const translate = useTranslate();
  const order = useRecordContext<OrderRecord>();
  const { canAccess: mayMove } = useCanAccess({ resource: "orders", action: "move" });
  const { canAccess: mayCancel } = useCanAccess({ resource: "orders", action: "cancel" });
  const { canAccess: mayRefund } = useCanAccess({ resource: "orders", action: "refund" });
  if (order === undefined) return <TopToolbar />;
  const next = NEXT[order.status];
  return (
    <TopToolbar sx={{ flexWrap: "wrap" }}>
      {mayMove && next && <MoveButton order={order} next={next} />}
      {mayRefund && isMoneyLeft(order) && <RefundButton order={order} />}
      {mayCancel && UNSHIPPED.includes(order.status) && <CancelButton order={order} />}
      <Button size="small" startIcon={<PrintIcon />} onClick={() => window.print()}>
        {translate(`${T}.print`)}
      </Button>
    </TopToolbar>
  );
}

function isMoneyLeft({ payment, status }: OrderRecord): boolean {
  return payment?.status === "CAPTURED" && status !== "REFUNDED" && Number(payment.refunded?.amount ?? 0) < Number(payment.captured?.amount ?? 0);
}

function MoveButton({ order, next }: { order: OrderRecord; next: NextStatus }) {
  return (
    <ActionButton<ParcelForm, unknown>
      label={`${T}.move.${next}`}
      variant="contained"
      icon={<LocalShippingIcon />}
      action={{
        name: `orders.move/${order.id}/${next}`,
        title: `${T}.move.${next}`,
        confirm: `${T}.move.${next}`,
        done: `${T}.move.done`,
        call: (form, requestId) => {
          const parcel = next === "SHIPPED" ? shipped(form) : {};
          const { message = "", location = "", eta = null } = form;
          return moveOrder(order, { status: next, message, location, eta, ...parcel }, requestId);
        },
        check: (form) => (next === "SHIPPED" && shipped(form).parcel ? missingOfParcel(form) : {}),
        children: (
          <>
            {next === "SHIPPED" && <ParcelFields order={order} />}
            <TextInput source="message" label={`${T}.move.message`} helperText={`${T}.move.messageHint`} />
            <TextInput source="location" label={`${T}.move.location`} />
            {next !== "DELIVERED" && <DateTimeInput source="eta" label={`${T}.move.eta`} />}
          </>
        ),
      }}
    />
  );
}

function CancelButton({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const paid = order.payment?.status === "CAPTURED";
  return (
    <ActionButton<{ reason?: string }, unknown>
      label={`${T}.cancel.title`}
      color="error"
      icon={<CancelIcon />}
      action={{
        name: `orders.cancel/${order.id}`,
        title: `${T}.cancel.title`,
        confirm: `${T}.cancel.title`,
        color: "error",
        done: `${T}.cancel.done`,
        call: ({ reason = "" }, requestId) => cancelOrder(order.id, reason, requestId),
        children: (
          <>
            <Typography sx={{ mb: 1 }}>
              {paid ? translate(`${T}.cancel.hint`, { amount: amountText(order.payment?.captured) }) : translate(`${T}.cancel.hintUnpaid`)}
            </Typography>
            <TextInput source="reason" label={`${T}.cancel.reason`} multiline />
          </>
        ),
      }}
    />
  );
}
