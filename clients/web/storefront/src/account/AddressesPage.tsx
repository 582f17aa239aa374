import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { queries, shop } from "../shop";
import { Loaded } from "../ui/Loaded";
import { Refusal } from "../ui/Refusal";
import { useTitle } from "../ui/useTitle";
import { AddressForm } from "./AddressForm";
import { lineOf, useAddresses } from "./useAddresses";

export function AddressesPage() {
  useTitle("Addresses");
  const addresses = useAddresses();
  const [adding, setAdding] = useState(false);
  const changed = () => queries.invalidateQueries({ queryKey: ["mine", "addresses"] });
  const remove = useMutation({ mutationFn: (addressId: bigint) => shop.users.deleteAddress({ addressId }), onSuccess: changed });
  const choose = useMutation({
    mutationFn: (id: bigint) => shop.users.updateAddress({ address: { id, isDefault: true } }),
    onSuccess: changed,
  });
  return (
    <section>
      <h1>Addresses</h1>
      <Refusal of={remove.error ?? choose.error} />
      <Loaded query={addresses}>
        {(items) => (
          <ul className="rows">
            {items.length === 0 && <li>There are none yet.</li>}
            {items.map((address) => (
              <li key={String(address.id)} className="row">
                <span>
                  {address.label && <strong>{address.label}: </strong>}
                  {lineOf(address)}
                  {address.isDefault && <span className="tag">Used first</span>}
                </span>
                <span className="row-actions">
                  {address.isDefault !== true && (
                    <button className="link" onClick={() => choose.mutate(address.id)}>
                      Use first
                    </button>
                  )}
                  <button className="link" onClick={() => remove.mutate(address.id)} aria-label={`Remove ${lineOf(address)}`}>
                    Remove
                  </button>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {adding ? (
        <AddressForm saved={() => setAdding(false)} />
      ) : (
        <button className="button" onClick={() => setAdding(true)}>
          Add an address
        </button>
      )}
    </section>
  );
}
