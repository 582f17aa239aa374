import { useQuery } from "@tanstack/react-query";
import { day } from "../../format";
import { queries } from "../../shop";
import { Field, Form } from "../../ui/Form";
import { Loaded } from "../../ui/Loaded";
import { Refusal } from "../../ui/Refusal";
import { passkeys, passkeysWork, registerPasskey } from "../passkeys";
import { useFresh } from "./useFresh";

const KEY = ["mine", "passkeys"];

/** Keys of the user's devices, which sign in without a password. */
export function Passkeys() {
  const mine = useQuery({ queryKey: KEY, queryFn: ({ signal }) => passkeys.listPasskeys({ pageSize: 100 }, { signal }) });
  const changed = () => queries.invalidateQueries({ queryKey: KEY });
  const add = useFresh((name: string) => registerPasskey(name).then(changed));
  const remove = useFresh((passkeyId: bigint) => passkeys.deletePasskey({ passkeyId }).then(changed));
  return (
    <section aria-labelledby="passkeys">
      <h2 id="passkeys">Passkeys</h2>
      <p>Your telephone or computer signs you in by a finger, your face or a PIN, without a password.</p>
      {add.dialog}
      {remove.dialog}
      <Refusal of={add.error ?? remove.error} />
      <Loaded query={mine}>
        {({ items }) => (
          <ul className="rows">
            {items.map((passkey) => (
              <li key={String(passkey.id)} className="row">
                <span>
                  <strong>{passkey.name || "A passkey"}</strong>{" "}
                  <span className="hint">
                    since {day(passkey.createTime)}
                    {passkey.lastUseTime && `, last used ${day(passkey.lastUseTime)}`}
                  </span>
                </span>
                <button className="link" onClick={() => remove.run(passkey.id)} disabled={remove.busy} aria-label={`Remove ${passkey.name}`}>
                  Remove
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {passkeysWork ? (
        <Form className="form form-row" send={async (values) => add.run(values.text("name"))} label="Add a passkey">
          <Field label="Name of this device" name="name" maxLength={64} />
        </Form>
      ) : (
        <p className="hint">This browser has none here.</p>
      )}
    </section>
  );
}
