import { useQuery } from "@tanstack/react-query";
import { day } from "../../format";
import { queries } from "../../shop";
import { Loaded } from "../../ui/Loaded";
import { Refusal } from "../../ui/Refusal";
import { identities, leaveForProvider, listProviders } from "../federated";
import { useFresh } from "./useFresh";

const KEY = ["mine", "identities"];

/** What the user is at OpenID providers, and signs in by; nothing in a shop without providers. */
export function Identities() {
  const { data: providers = [] } = useQuery({ queryKey: ["providers"], staleTime: Infinity, queryFn: listProviders });
  const mine = useQuery({ queryKey: KEY, queryFn: ({ signal }) => identities.listIdentities({ pageSize: 100 }, { signal }) });
  const changed = () => queries.invalidateQueries({ queryKey: KEY });
  const link = useFresh((provider: string) => leaveForProvider({ provider, next: "/account/security", links: true }));
  const unlink = useFresh((identityId: bigint) => identities.unlinkIdentity({ identityId }).then(changed));
  if (providers.length === 0 && !mine.data?.items.length) return null;
  return (
    <section aria-labelledby="identities">
      <h2 id="identities">Other sign-ins</h2>
      {link.dialog}
      {unlink.dialog}
      <Refusal of={link.error ?? unlink.error} />
      <Loaded query={mine}>
        {({ items }) => (
          <ul className="rows">
            {items.map((identity) => (
              <li key={String(identity.id)} className="row">
                <span>
                  <strong>{providers.find(({ name }) => name === identity.provider)?.title ?? identity.provider}</strong>{" "}
                  {identity.email} <span className="hint">since {day(identity.createTime)}</span>
                </span>
                <button className="link" onClick={() => unlink.run(identity.id)} disabled={unlink.busy} aria-label={`Unlink ${identity.email}`}>
                  Unlink
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <p className="row-actions">
        {providers.map((provider) => (
          <button key={provider.name} className="button" onClick={() => link.run(provider.name)} disabled={link.busy}>
            Link {provider.title}
          </button>
        ))}
      </p>
    </section>
  );
}
