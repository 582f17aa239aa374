// What is paid back, and what that comes to, before it is done.
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import LinearProgress from "@mui/material/LinearProgress";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { BooleanInput, NumberInput, RadioButtonGroupInput, TextInput, useTranslate } from "react-admin";
import { useFormContext, useWatch } from "react-hook-form";
import { refusing } from "../data/refusals";
import { type Amount, isWritten } from "../data/values";
import { Facts } from "../ui/Panel";
import { MoneyInput, amountText } from "../ui/money";
import { type Scope, previewRefund } from "./calls";
import type { OrderRecord } from "./record";

const T = "resources.orders.refund";

export interface RefundForm {
  kind: Scope["kind"];
  /** By variant: "v12". */
  units?: Record<string, number | null>;
  amount?: Amount | null;
  restock?: boolean;
  reason?: string;
}

const KINDS = (["units", "amount", "all"] as const).map((id) => ({ id, name: `${T}.${id}` }));

export function RefundFields({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const kind = useWatch<RefundForm, "kind">({ name: "kind" });
  const open = openLines(order);
  return (
    <>
      <RadioButtonGroupInput source="kind" label={`${T}.kind`} choices={KINDS} helperText={false} />
      {kind === "units" &&
        open.map((line) => (
          <NumberInput
            key={line.variantId}
            source={`units.v${line.variantId}`}
            label={[line.name, line.options].filter(Boolean).join(", ")}
            helperText={translate(`${T}.atMost`, { count: line.quantity - line.refunded })}
            min={0}
            max={line.quantity - line.refunded}
            step={1}
          />
        ))}
      {kind === "amount" && <MoneyInput source="amount" label={`${T}.amount`} isRequired />}
      {kind !== "amount" && <BooleanInput source="restock" label={`${T}.restock`} helperText={false} />}
      <TextInput source="reason" label={`${T}.reason`} multiline />
      <Preview order={order} />
    </>
  );
}

export function scopeOf({ kind, units = {}, amount = null }: RefundForm): Scope {
  const chosen = Object.entries(units).map(([variant, quantity]) => ({ variantId: variant.slice(1), productId: "", quantity: quantity ?? 0 }));
  return { kind, units: chosen.filter(({ quantity }) => quantity > 0), amount };
}

/** No units are something to choose, and beside a field; an amount's own field says that it is missing. */
export function missing(order: OrderRecord, form: RefundForm): Record<string, string> {
  const first = openLines(order)[0];
  if (form.kind !== "units" || first === undefined || isComplete(scopeOf(form))) return {};
  return { [`units.v${first.variantId}`]: `${T}.nothing` };
}

function openLines(order: OrderRecord) {
  return order.lines.filter(({ quantity, refunded }) => refunded < quantity);
}

function isComplete({ kind, units, amount }: Scope): boolean {
  if (kind === "units") return units.length > 0;
  return kind === "all" || (amount !== null && amount.amount !== "" && isWritten(amount.amount));
}

/** What a person types in one go is asked once. */
const PAUSE_MS = 350;

function Preview({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const { getValues } = useFormContext<RefundForm>();
  const form = useWatch<RefundForm>();
  const scope = useSettled(scopeOf({ ...getValues(), ...form } as RefundForm));
  const { data, error, isFetching } = useQuery({
    queryKey: ["orders", "previewRefund", order.id, order.etag, scope],
    queryFn: ({ signal }) => refusing(previewRefund(order.id, scope, signal)),
    enabled: isComplete(scope),
  });
  return (
    <Box aria-live="polite" sx={{ position: "sticky", bottom: -20, zIndex: 1, bgcolor: "background.paper", border: 1, borderColor: "divider", borderRadius: 1, p: 2, mt: 1 }}>
      <Typography variant="subtitle2" component="p" sx={{ mb: 1 }}>
        {translate(`${T}.preview`)}
      </Typography>
      {isFetching && <LinearProgress aria-label={translate("ra.page.loading")} />}
      {!isComplete(scope) && <Typography color="text.secondary">{translate(`${T}.nothing`)}</Typography>}
      {error && <Alert severity="warning">{translate(error.message, { _: error.message })}</Alert>}
      {data && !error && isComplete(scope) && (
        <Facts
          rows={[
            ["resources.orders.totals.tax", amountText(data.tax)],
            ["resources.orders.totals.shipping", amountText(data.shipping)],
            ["resources.orders.totals.total", <strong key="total">{amountText(data.amount)}</strong>],
            [`${T}.left`, amountText(data.left)],
          ]}
        />
      )}
    </Box>
  );
}

function useSettled(scope: Scope): Scope {
  const text = JSON.stringify(scope);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(settled) as Scope;
}
