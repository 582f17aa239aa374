// The shop that served this page, and who looks at it.
import { createWebClient } from "@sanset/client/web";
import { QueryClient } from "@tanstack/react-query";
import { SansetError } from "@sanset/client";

/** What all pages read is kept by this; a page that is opened again shows it while it is read anew. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: false, // the client repeats what may be repeated
      structuralSharing: false, // messages hold bigints
      throwOnError: false,
    },
  },
});

/** The shop. Its tokens are kept for every tab. */
export const shop = createWebClient(window.location.origin, {
  storage: localStorage,
  onSignedOut: () => void queries.invalidateQueries(),
});

/** Names this browser to the recommendations until its user signs in; says nothing about them. */
export const visitorId = readVisitorId();

function readVisitorId(): string {
  const key = "sanset.visitor";
  const known = localStorage.getItem(key);
  if (known !== null) return known;
  const made = crypto.randomUUID();
  localStorage.setItem(key, made);
  return made;
}

/** What to tell a person about a failure. */
export function messageOf(failure: unknown): string {
  if (failure instanceof SansetError) return failure.message;
  return navigator.onLine ? "Something went wrong. Try again." : "You are offline.";
}
