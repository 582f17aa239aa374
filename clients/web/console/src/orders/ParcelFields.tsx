import Typography from "@mui/material/Typography";
import { NumberInput, TextInput, useTranslate } from "react-admin";
import type { Move, ParcelValues } from "./calls";
import type { OrderRecord, Parcel } from "./record";

const T = "resources.orders.parcel";

/** What a form about a parcel holds; units by variant. */
export interface ParcelForm {
  carrier?: string;
  trackingNumber?: string;
  trackingUrl?: string;
  units?: Record<string, number | null>;
  message?: string;
  location?: string;
  eta?: string | null;
}

export function ParcelFields({ order }: { order: OrderRecord }) {
  const translate = useTranslate();
  return (
    <>
      <TextInput source="carrier" label={`${T}.carrier`} />
      <TextInput source="trackingNumber" label={`${T}.trackingNumber`} />
      <TextInput source="trackingUrl" label={`${T}.trackingUrl`} type="url" />
      <Typography variant="subtitle2" component="p">
        {translate(`${T}.units`)}
      </Typography>
      <Typography variant="caption" color="text.secondary">
        {translate(`${T}.unitsHint`)}
      </Typography>
      {order.lines.map((line) => (
        <NumberInput key={line.variantId} source={`units.v${line.variantId}`} label={line.name} min={0} max={line.quantity} step={1} helperText={line.options || false} />
      ))}
    </>
  );
}

export function parcelForm(parcel: Parcel): ParcelForm {
  const { carrier, trackingNumber, trackingUrl, units } = parcel;
  return { carrier, trackingNumber, trackingUrl, units: Object.fromEntries(units.map((one) => [`v${one.variantId}`, one.quantity])) };
}

export function toParcel(id: number, { units, carrier, trackingNumber, trackingUrl }: ParcelForm): ParcelValues {
  const listed = Object.entries(units ?? {}).map(([variant, quantity]) => ({ variantId: variant.slice(1), productId: "", quantity: quantity ?? 0 }));
  return { id, carrier: carrier ?? "", trackingNumber: trackingNumber ?? "", trackingUrl: trackingUrl ?? "", units: listed.filter(({ quantity }) => quantity > 0) };
}

/** A parcel has a number, a link or units. */
export function missingOfParcel(form: ParcelForm): Record<string, string> {
  const { trackingNumber, trackingUrl, units } = toParcel(0, form);
  return trackingNumber || trackingUrl || units.length > 0 ? {} : { trackingNumber: `${T}.missing` };
}

/** A step with a parcel only where something was said of one. */
export function shipped(form: ParcelForm): Pick<Move, "parcel"> {
  const parcel = toParcel(0, form);
  const isSaid = parcel.carrier || parcel.trackingNumber || parcel.trackingUrl || parcel.units.length > 0;
  return isSaid ? { parcel } : {};
}
