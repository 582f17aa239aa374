import { shop, queries } from "../shop";
import { CountryField } from "./CountryField";
import { Field, Form, type Values } from "../ui/Form";

/** Makes an address; `saved` gets its id. */
export function AddressForm({ saved }: { saved: (id: bigint) => void }) {
  async function send(values: Values) {
    const made = await shop.users.createAddress({
      address: {
        label: values.text("address.label"),
        line1: values.text("address.line1"),
        line2: values.text("address.line2"),
        city: values.text("address.city"),
        state: values.text("address.state"),
        postalCode: values.text("address.postal_code"),
        country: values.text("address.country"),
      },
    });
    await queries.invalidateQueries({ queryKey: ["mine", "addresses"] });
    saved(made.id);
  }
  return (
    <Form send={send} label="Save the address">
      <Field label="Street and number" name="address.line1" autoComplete="address-line1" required />
      <Field label="Flat, floor" name="address.line2" autoComplete="address-line2" />
      <Field label="Postal code" name="address.postal_code" autoComplete="postal-code" />
      <Field label="Town" name="address.city" autoComplete="address-level2" required />
      <Field label="State or region" name="address.state" autoComplete="address-level1" />
      <CountryField />
      <Field label="Name of this address" name="address.label" hint="As Home or Work." />
    </Form>
  );
}
