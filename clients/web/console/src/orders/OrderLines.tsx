import Box from "@mui/material/Box";
import Chip from "@mui/material/Chip";
import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";
import { PlainTable } from "../ui/PlainTable";
import { Facts, Panel } from "../ui/Panel";
import { amountText } from "../ui/money";
import type { Line, OrderRecord } from "./record";

const T = "resources.orders";

/** The lines of an order, and what they come to. */
export function OrderLines({ order }: { order: OrderRecord }) {
  return (
    <Panel title={`${T}.sections.lines`}>
      <PlainTable
        label={`${T}.sections.lines`}
        rows={order.lines}
        rowKey={(line) => line.variantId}
        columns={[
          { title: `${T}.line.product`, cell: (line) => <Product line={line} /> },
          { title: `${T}.line.quantity`, cell: ({ quantity }) => quantity, numeric: true },
          { title: `${T}.line.price`, cell: ({ price }) => amountText(price), numeric: true },
          { title: `${T}.line.discount`, cell: ({ discount }) => amountText(discount), numeric: true },
          { title: `${T}.line.tax`, cell: ({ tax }) => amountText(tax), numeric: true },
          { title: `${T}.line.total`, cell: ({ total }) => amountText(total), numeric: true },
        ]}
      />
      <Box sx={{ display: "flex", justifyContent: "flex-end", mt: 2 }}>
        <Sum order={order} />
      </Box>
    </Panel>
  );
}

export function Sum({ order: { totals } }: { order: OrderRecord }) {
  return (
    <Facts
      rows={[
        [`${T}.totals.subtotal`, amountText(totals.subtotal)],
        [`${T}.totals.discount`, Number(totals.discount?.amount ?? 0) !== 0 && `−${amountText(totals.discount)}`],
        [`${T}.totals.tax`, amountText(totals.tax)],
        [`${T}.totals.shipping`, amountText(totals.shipping)],
        [`${T}.totals.total`, <strong key="total">{amountText(totals.total)}</strong>],
      ]}
    />
  );
}

function Product({ line }: { line: Line }) {
  const translate = useTranslate();
  const notes = [
    line.shipped > 0 && line.shipped < line.quantity && translate(`${T}.line.shipped`, { count: line.shipped, of: line.quantity }),
    line.refunded > 0 && translate(`${T}.line.refunded`, { count: line.refunded }),
    line.returning > 0 && translate(`${T}.line.returning`, { count: line.returning }),
    line.returned > 0 && translate(`${T}.line.returned`, { count: line.returned }),
  ].filter((note) => note !== false);
  return (
    <>
      <Typography variant="body2">{line.name}</Typography>
      <Typography variant="caption" color="text.secondary" component="p">
        {[line.options, line.sku].filter(Boolean).join(" · ")}
      </Typography>
      <Box sx={{ display: "flex", gap: 0.5, flexWrap: "wrap" }}>
        {notes.map((note) => (
          <Chip key={note} size="small" label={note} />
        ))}
      </Box>
    </>
  );
}
