import { useMutation, useQuery } from "@tanstack/react-query";
import { SecondFactorService } from "@sanset/client/gen/sanset/v1/second_factor_pb.js";
import { useState } from "react";
import { shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { Refusal } from "../ui/Refusal";
import { useTitle } from "../ui/useTitle";
import { signOut } from "./useUser";

/** What the shop knows of the user: all of it as a file, and the end of it. */
export function PrivacyPage() {
  useTitle("Privacy");
  const download = useMutation({ mutationFn: downloadMyData });
  return (
    <section className="narrow">
      <h1>Privacy</h1>
      <p>All that the shop keeps about you, as a file that programs read.</p>
      <button className="button" onClick={() => download.mutate()} disabled={download.isPending}>
        {download.isPending ? "Gathering it …" : "Download my data"}
      </button>
      <Refusal of={download.error} />
      <h2>Delete my account</h2>
      <p>
        Your name, addresses, wishlist, reviews and all else that is yours are erased within minutes, and points lapse. Orders
        stay in the books without you; those that are paid are still delivered. Nobody can undo it.
      </p>
      <DeleteAccount />
    </section>
  );
}

function DeleteAccount() {
  const [sure, setSure] = useState(false);
  const { data: factor } = useQuery({
    queryKey: ["mine", "second-factor"],
    queryFn: ({ signal }) => shop.of(SecondFactorService).getSecondFactor({}, { signal }),
  });
  if (!sure) {
    return (
      <button className="button" onClick={() => setSure(true)} disabled={factor === undefined}>
        Delete my account
      </button>
    );
  }
  async function send(values: Values) {
    const proof = factor?.active ? { code: values.text("code") } : { currentPassword: values.secret("current_password") };
    await shop.users.deleteMyAccount(proof);
    await signOut();
  }
  return (
    <Form send={send} label="Delete it for good">
      {factor?.active ? (
        <Field label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" hint="Of your authenticator, or a recovery code." required autoFocus />
      ) : (
        <Field label="Current password" name="current_password" type="password" autoComplete="current-password" required autoFocus />
      )}
    </Form>
  );
}

async function downloadMyData(): Promise<void> {
  const parts: BlobPart[] = [];
  for await (const part of shop.users.exportMyData({})) parts.push(new Uint8Array(part.data));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: "application/jsonl" }));
  link.download = "my-data.jsonl";
  link.click();
  URL.revokeObjectURL(link.href);
}
