import type { Order } from "@sanset/client/gen/sanset/v1/order_pb.js";
import { useState } from "react";
import { lineName } from "../product/OptionsOf";
import { queries, shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { orderChanged } from "./useOrder";

/** Asks to send back what is chosen of a delivered order. */
export function ReturnForm({ order }: { order: Order }) {
  const [open, setOpen] = useState(false);
  const [isNothingChosen, setNothingChosen] = useState(false);
  const lines = order.items
    .map((item) => ({ ...item, left: item.quantity - item.refundedQuantity - item.returningQuantity }))
    .filter((item) => item.left > 0);
  if (lines.length === 0) return null;
  if (!open) {
    return (
      <button className="button" onClick={() => setOpen(true)}>
        Send something back
      </button>
    );
  }
  async function send(values: Values) {
    const items = lines
      .map(({ variantId }) => ({ variantId, quantity: Number(values.text(`quantity-${variantId}`)) }))
      .filter(({ quantity }) => quantity > 0);
    setNothingChosen(items.length === 0);
    if (items.length === 0) return;
    await shop.refunds.requestReturn({ orderId: order.id, items, reason: values.text("reason") });
    await Promise.all([orderChanged(order.id), queries.invalidateQueries({ queryKey: ["mine", "returns"] })]);
    setOpen(false);
  }
  return (
    <Form send={send} label="Ask for the return">
      {isNothingChosen && (
        <p className="note note-error" role="alert">
          Choose how many of what you send back.
        </p>
      )}
      {lines.map((line) => (
        <p key={String(line.variantId)} className="field">
          <label>
            {lineName(line)}{" "}
            <select name={`quantity-${line.variantId}`} defaultValue={0}>
              {Array.from({ length: line.left + 1 }, (_, quantity) => (
                <option key={quantity}>{quantity}</option>
              ))}
            </select>
          </label>
        </p>
      ))}
      <Field label="What is wrong with it?" name="reason" required />
    </Form>
  );
}
