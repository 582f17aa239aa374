import { SecondFactorService, type SetUpSecondFactorResponse } from "@sanset/client/gen/sanset/v1/second_factor_pb.js";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { day } from "../../format";
import { queries, shop } from "../../shop";
import { Field, Form, type Values } from "../../ui/Form";
import { Loaded } from "../../ui/Loaded";
import { QrCode } from "./QrCode";
import { RecoveryCodes } from "./RecoveryCodes";

const secondFactor = shop.of(SecondFactorService);
const KEY = ["mine", "second-factor"];
const changed = () => queries.invalidateQueries({ queryKey: KEY });

/** An authenticator beside the password, and the codes that stand for it when it is lost. */
export function SecondFactor() {
  const state = useQuery({ queryKey: KEY, queryFn: ({ signal }) => secondFactor.getSecondFactor({}, { signal }) });
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <section aria-labelledby="second-factor">
      <h2 id="second-factor">Second factor</h2>
      {codes !== undefined && <RecoveryCodes codes={codes} done={() => setCodes(undefined)} />}
      <Loaded query={state}>
        {({ active, confirmTime, recoveryCodesLeft }) =>
          active ? (
            <>
              <p>
                Since {day(confirmTime)} a code of your authenticator is asked for besides the password. Recovery codes left:{" "}
                {recoveryCodesLeft}.
              </p>
              <Change show={setCodes} />
            </>
          ) : (
            <SetUp show={setCodes} />
          )
        }
      </Loaded>
    </section>
  );
}

function SetUp({ show }: { show: (codes: readonly string[]) => void }) {
  const [secret, setSecret] = useState<SetUpSecondFactorResponse>();

  async function begin(values: Values) {
    setSecret(await secondFactor.setUpSecondFactor({ currentPassword: values.secret("current_password") }));
  }

  async function confirm(values: Values) {
    const { items } = await secondFactor.confirmSecondFactor({ code: values.text("code") });
    show(items);
    await changed();
  }

  if (secret === undefined) {
    return (
      <>
        <p>An app on your telephone shows a code that is asked for besides the password. Whoever learns the password alone stays outside.</p>
        <Form key="begin" send={begin} label="Set it up">
          <Field label="Current password" name="current_password" type="password" autoComplete="current-password" required />
        </Form>
      </>
    );
  }
  return (
    <>
      <p>Scan this with your authenticator, or type the secret into it. Then enter the code that it shows.</p>
      <QrCode text={secret.uri} label="The secret, for the camera of your authenticator" />
      <p>
        Secret: <code className="secret">{secret.secret}</code>
      </p>
      <Form key="confirm" send={confirm} label="Confirm">
        <Field label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" required autoFocus />
      </Form>
    </>
  );
}

function Change({ show }: { show: (codes: readonly string[]) => void }) {
  const [what, setWhat] = useState<"renew" | "remove">();

  async function send(values: Values) {
    const code = values.text("code");
    if (what === "renew") show((await secondFactor.renewRecoveryCodes({ code })).items);
    else await secondFactor.removeSecondFactor({ code });
    setWhat(undefined);
    await changed();
  }

  if (what === undefined) {
    return (
      <p className="row-actions">
        <button className="button" onClick={() => setWhat("renew")}>
          New recovery codes
        </button>
        <button className="button" onClick={() => setWhat("remove")}>
          Remove the second factor
        </button>
      </p>
    );
  }
  return (
    <Form key={what} send={send} label={what === "renew" ? "Make new codes" : "Remove it"}>
      <Field label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" hint="Of your authenticator, or a recovery code." required autoFocus />
    </Form>
  );
}
