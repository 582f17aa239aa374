import { useMutation } from "@tanstack/react-query";
import { shop } from "../../shop";
import { Refusal } from "../../ui/Refusal";

/** Says that the e-mail address is not confirmed yet, which the rest of the page needs. */
export function ConfirmAddress({ email }: { email: string }) {
  const resend = useMutation({ mutationFn: () => shop.auth.resendVerification({ email }) });
  return (
    <div className="note note-warning">
      <p>
        Confirm your e-mail address first: a link was mailed to {email}. A second factor and passkeys are only for who reads
        its mails.
      </p>
      <button className="button" onClick={() => resend.mutate()} disabled={resend.isPending}>
        Mail the link again
      </button>
      <p role="status">{resend.isSuccess && "It is on its way."}</p>
      <Refusal of={resend.error} />
    </div>
  );
}
