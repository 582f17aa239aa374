import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { queries, shop } from "../shop";
import { Loaded } from "../ui/Loaded";
import { useTitle } from "../ui/useTitle";

/** Where the link of a mail leads that confirms an e-mail address. */
export function ConfirmedPage() {
  useTitle("Your e-mail address");
  const { token = "" } = useParams();
  const confirmed = useQuery({
    queryKey: ["confirmed", token],
    staleTime: Infinity, // a link is good for once
    queryFn: async () => {
      const reply = await shop.auth.verifyEmail({ token });
      await queries.invalidateQueries({ queryKey: ["user"] });
      return reply;
    },
  });
  return (
    <section className="narrow">
      <h1>Your e-mail address</h1>
      <Loaded query={confirmed}>
        {({ email }) => (
          <>
            <p role="status">{email} is confirmed. Thank you.</p>
            <Link className="button" to="/">
              To the shop
            </Link>
          </>
        )}
      </Loaded>
    </section>
  );
}
