// An order on paper: what the browser prints in place of the page.
import Box from "@mui/material/Box";
import GlobalStyles from "@mui/material/GlobalStyles";
import { createPortal } from "react-dom";
import { useTranslate } from "react-admin";
import { PlainTable } from "../ui/PlainTable";
import { amountText } from "../ui/money";
import { momentText } from "../ui/time";
import { Sum } from "./OrderLines";
import type { OrderRecord } from "./record";

const T = "resources.orders";

const INSTEAD_OF_THE_PAGE = {
  ".print-sheet": { display: "none" },
  "@media print": {
    "body > *:not(.print-sheet)": { display: "none !important" },
    ".print-sheet": { display: "block" },
    "@page": { margin: "15mm" },
    "html, body": { background: "#fff !important" },
  },
};

const PAPER = {
  color: "#000",
  padding: "1rem",
  "& .MuiTypography-root, & .MuiTableCell-root": { color: "#000", borderColor: "#999" },
  "& tr": { breakInside: "avoid" },
};

export function PrintSheet({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  return createPortal(
    <>
      <GlobalStyles styles={INSTEAD_OF_THE_PAGE} />
      <Box className="print-sheet" sx={PAPER}>
        <h1>{translate(`${T}.sheet.title`, { number: order.number })}</h1>
        <p>{translate(`${T}.sheet.placed`, { time: momentText(order.createTime) })}</p>
        {order.address && (
          <>
            <h2>{translate(`${T}.sheet.to`)}</h2>
            <Box component="address" sx={{ mb: 3, fontStyle: "normal" }}>
              {order.address.lines.map((line) => (
                <div key={line}>{line}</div>
              ))}
            </Box>
          </>
        )}
        <PlainTable
          label={`${T}.sections.lines`}
          rows={order.lines}
          rowKey={(line) => line.variantId}
          columns={[
            { title: `${T}.line.product`, cell: ({ name, options, sku }) => [name, options, sku].filter(Boolean).join(", ") },
            { title: `${T}.line.quantity`, cell: ({ quantity }) => quantity, numeric: true },
            { title: `${T}.line.price`, cell: ({ price }) => amountText(price), numeric: true },
            { title: `${T}.line.total`, cell: ({ total }) => amountText(total), numeric: true },
          ]}
        />
        <Box sx={{ display: "flex", justifyContent: "flex-end", my: 3 }}>
          <Sum order={order} />
        </Box>
        <p>{translate(`${T}.sheet.thanks`)}</p>
      </Box>
    </>,
    document.body,
  );
}
