// What the shop decides about a return.
import CheckIcon from "@mui/icons-material/Check";
import CloseIcon from "@mui/icons-material/Close";
import InventoryIcon from "@mui/icons-material/Inventory2";
import Typography from "@mui/material/Typography";
import { NumberInput, TextInput, required, useCanAccess, useTranslate } from "react-admin";
import { type OrderRecord, namesOf } from "../orders/record";
import { ActionButton } from "../ui/ActionButton";
import { type ReturnRecord, approveReturn, receiveReturn, rejectReturn } from "./calls";

const T = "resources.returns";

interface Comment {
  comment?: string;
}

interface Restock {
  units?: Record<string, number | null>;
}

/** The steps that are next; units are named by the lines of `order`, where it is known. */
export function ReturnActions({ returned, order }: { returned: ReturnRecord; order: OrderRecord | undefined }) {
  const { canAccess } = useCanAccess({ resource: "returns", action: "decide" });
  if (!canAccess) return null;
  return (
    <>
      {returned.status === "REQUESTED" && <ApproveButton returned={returned} />}
      {(returned.status === "REQUESTED" || returned.status === "APPROVED") && <RejectButton returned={returned} />}
      {returned.status === "APPROVED" && <ReceiveButton returned={returned} order={order} />}
    </>
  );
}

function ApproveButton({ returned }: { returned: ReturnRecord }) {
  return (
    <ActionButton<Comment, unknown>
      label={`${T}.approve`}
      variant="contained"
      icon={<CheckIcon />}
      action={{
        name: `returns.approve/${returned.id}`,
        title: `${T}.approve`,
        confirm: `${T}.approve`,
        done: `${T}.approved`,
        call: ({ comment = "" }, requestId) => approveReturn(returned, comment, requestId),
        children: <TextInput source="comment" label={`${T}.comment`} multiline />,
      }}
    />
  );
}

function RejectButton({ returned }: { returned: ReturnRecord }) {
  return (
    <ActionButton<Comment, unknown>
      label={`${T}.reject`}
      color="error"
      icon={<CloseIcon />}
      action={{
        name: `returns.reject/${returned.id}`,
        title: `${T}.reject`,
        confirm: `${T}.reject`,
        color: "error",
        done: `${T}.rejected`,
        call: ({ comment = "" }, requestId) => rejectReturn(returned, comment, requestId),
        children: <TextInput source="comment" label={`${T}.comment`} multiline validate={required()} />,
      }}
    />
  );
}

function ReceiveButton({ returned, order }: { returned: ReturnRecord; order: OrderRecord | undefined }) {
  const translate = useTranslate();
  const nameOf = namesOf(order?.lines);
  return (
    <ActionButton<Restock, unknown>
      label={`${T}.receive`}
      variant="contained"
      icon={<InventoryIcon />}
      action={{
        name: `returns.receive/${returned.id}`,
        title: `${T}.receive`,
        confirm: `${T}.receive`,
        done: `${T}.received`,
        initial: { units: Object.fromEntries(returned.units.map(({ variantId, quantity }) => [`v${variantId}`, quantity])) },
        call: ({ units = {} }, requestId) => {
          const restocked = returned.units.map((one) => ({ ...one, quantity: units[`v${one.variantId}`] ?? 0 }));
          return receiveReturn(returned, restocked, requestId);
        },
        children: (
          <>
            <Typography sx={{ mb: 1 }}>{translate(`${T}.restock`)}</Typography>
            {returned.units.map(({ variantId, quantity }) => (
              <NumberInput
                key={variantId}
                source={`units.v${variantId}`}
                label={translate(`${T}.restockUnits`, { name: nameOf.get(variantId) ?? variantId })}
                helperText={translate(`${T}.atMost`, { count: quantity })}
                min={0}
                max={quantity}
                step={1}
              />
            ))}
          </>
        ),
      }}
    />
  );
}
