import UndoIcon from "@mui/icons-material/Undo";
import { useTranslate } from "react-admin";
import { ActionButton } from "../ui/ActionButton";
import { RefundFields, type RefundForm, missing, scopeOf } from "./RefundFields";
import { refundOrder } from "./calls";
import type { OrderRecord } from "./record";

const T = "resources.orders.refund";

export function RefundButton({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  return (
    <ActionButton<RefundForm, unknown>
      label={`${T}.title`}
      icon={<UndoIcon />}
      action={{
        name: `orders.refund/${order.id}/${order.etag}`,
        title: `${translate(`${T}.title`)}: ${order.number}`,
        confirm: `${T}.title`,
        done: `${T}.started`,
        call: (form, requestId) => {
          const { reason = "", restock = false } = form;
          return refundOrder(order, { ...scopeOf(form), reason, restock }, requestId);
        },
        check: (form) => missing(order, form),
        initial: { kind: "units", restock: false },
        children: <RefundFields order={order} />,
      }}
    />
  );
}
