import { useMutation, useQuery } from "@tanstack/react-query";
import { moment } from "../../format";
import { queries, shop } from "../../shop";
import { Loaded } from "../../ui/Loaded";
import { Refusal } from "../../ui/Refusal";
import { signOut } from "../useUser";
import { deviceName } from "./device";

const KEY = ["mine", "sessions"];

/** Where the account is signed in to. */
export function Sessions() {
  const sessions = useQuery({ queryKey: KEY, queryFn: ({ signal }) => shop.auth.listSessions({ pageSize: 100 }, { signal }) });
  const end = useMutation({
    mutationFn: (sessionId: string) => shop.auth.revokeSession({ sessionId }),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  const endAll = useMutation({ mutationFn: () => signOut({ allSessions: true }) });
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">Where you are signed in</h2>
      <Refusal of={end.error ?? endAll.error} />
      <Loaded query={sessions}>
        {({ items }) => (
          <ul className="rows">
            {items.map((session) => (
              <li key={session.id} className="row">
                <span className="session">
                  <span title={session.device}>{deviceName(session.device) || "An unnamed device"}</span> {session.current && <span className="tag">Here</span>}
                  <br />
                  <span className="hint">
                    {session.ip}, last seen {moment(session.lastUseTime ?? session.createTime)}
                  </span>
                </span>
                {!session.current && (
                  <button className="link" onClick={() => end.mutate(session.id)} disabled={end.isPending} aria-label={`Sign out ${deviceName(session.device)}`}>
                    Sign out there
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <button className="button" onClick={() => endAll.mutate()} disabled={endAll.isPending}>
        Sign out everywhere
      </button>
    </section>
  );
}
