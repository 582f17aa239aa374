import EditIcon from "@mui/icons-material/Edit";
import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import Typography from "@mui/material/Typography";
import { useCanAccess, useTranslate } from "react-admin";
import { ActionButton } from "../ui/ActionButton";
import { Panel } from "../ui/Panel";
import { momentText } from "../ui/time";
import { ParcelFields, type ParcelForm, missingOfParcel, parcelForm, toParcel } from "./ParcelFields";
import { moveOrder } from "./calls";
import { type OrderRecord, type Parcel, type Status, namesOf } from "./record";

const T = "resources.orders";

/** What has left the house, with or without a parcel that is written down. */
const HANDED_OVER: readonly Status[] = ["SHIPPED", "DELIVERED", "RETURN_REQUESTED", "RETURNED"];

/** The parcels of an order. While it is on its way they can be corrected, and others added. */
export function OrderParcels({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "orders", action: "move" });
  const mayChange = canAccess === true && order.status === "SHIPPED";
  return (
    <Panel title={`${T}.sections.parcels`} actions={mayChange && <ParcelButton order={order} />}>
      {order.parcels.length === 0 && <Typography color="text.secondary">{translate(`${T}.parcel.${HANDED_OVER.includes(order.status) ? "unlisted" : "none"}`)}</Typography>}
      {order.parcels.map((parcel) => (
        <ParcelItem key={parcel.id} order={order} parcel={parcel} mayChange={mayChange} />
      ))}
    </Panel>
  );
}

function ParcelItem({ order, parcel, mayChange }: { order: OrderRecord; parcel: Parcel; mayChange: boolean }) {
  const translate = useTranslate();
  const nameOf = namesOf(order.lines);
  const contents = parcel.units.map(({ variantId, quantity }) => `${quantity} × ${nameOf.get(variantId) ?? variantId}`);
  return (
    <Box sx={{ display: "flex", gap: 1, alignItems: "flex-start", mb: 1 }}>
      <Box sx={{ flexGrow: 1, minWidth: 0, overflowWrap: "anywhere" }}>
        <Typography variant="subtitle2" component="p">
          {[translate(`${T}.parcel.one`, { id: parcel.id }), parcel.carrier, parcel.trackingNumber].filter(Boolean).join(" · ")}
        </Typography>
        <Typography variant="body2">{contents.join(", ") || translate(`${T}.parcel.everything`)}</Typography>
        <Typography variant="caption" color="text.secondary">
          {momentText(parcel.shipTime)}
        </Typography>{" "}
        {parcel.trackingUrl && (
          <Link href={parcel.trackingUrl} target="_blank" rel="noreferrer" variant="caption">
            {translate(`${T}.parcel.follow`)}
          </Link>
        )}
      </Box>
      {mayChange && <ParcelButton order={order} parcel={parcel} />}
    </Box>
  );
}

function ParcelButton({ order, parcel }: { order: OrderRecord; parcel?: Parcel }) {
  const label = parcel ? `${T}.parcel.correct` : `${T}.parcel.add`;
  return (
    <ActionButton<ParcelForm, unknown>
      label={label}
      icon={parcel && <EditIcon />}
      action={{
        name: `orders.parcel/${order.id}/${order.etag}/${parcel?.id ?? 0}`,
        title: label,
        confirm: "ra.action.save",
        done: `${T}.parcel.corrected`,
        call: (form, requestId) => moveOrder(order, { status: "SHIPPED", parcel: toParcel(parcel?.id ?? 0, form) }, requestId),
        check: missingOfParcel,
        initial: parcel ? parcelForm(parcel) : {},
        children: <ParcelFields order={order} />,
      }}
    />
  );
}
