import { useSearchParams } from "react-router";

/** Where to go after signing in: a page of this shop, whatever the address says. */
export function useNext(): string {
  const [params] = useSearchParams();
  const next = params.get("next") ?? "/";
  const target = new URL(next, window.location.origin);
  return target.origin === window.location.origin ? target.pathname + target.search : "/";
}
