// The shop that served this page, who looks at it, and what its tabs tell each other.
import { SansetError } from "@sanset/client";
import { createWebClient } from "@sanset/client/web";
import { QueryClient } from "@tanstack/react-query";

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

const TOKENS = "sanset.tokens";

/** The shop. Its tokens are kept for every tab. */
export const shop = createWebClient(window.location.origin, {
  storage: localStorage,
  storageKey: TOKENS,
  onSignedOut: () => void queries.invalidateQueries(),
});

/** Names this browser to the recommendations until its user signs in; says nothing about them. */
export const visitorId = readVisitorId();

/** What happened in a tab: its user signed out, or changed the cart. */
type News = "left" | "cart";
const NEWS = "sanset.news";

/** Tells the other tabs, after what this one stored before: a channel would be faster than the storage. */
export function tell(news: News): void {
  localStorage.setItem(NEWS, `${news} ${crypto.randomUUID()}`);
}

window.addEventListener("storage", ({ key, oldValue, newValue }) => {
  if (key === NEWS && newValue?.startsWith("left")) window.location.reload(); // so that nothing of the user is left here either
  else if (key === NEWS) void queries.invalidateQueries({ queryKey: ["mine", "cart"] });
  // Another tab signed in, or its session ended; renewed tokens change nothing here.
  else if (key === TOKENS && (oldValue === null) !== (newValue === null)) void queries.invalidateQueries();
});

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
  if (failure instanceof DOMException && failure.name === "NotAllowedError") {
    return "It was not confirmed, or this device has nothing to confirm it with.";
  }
  return navigator.onLine ? "Something went wrong. Try again." : "You are offline.";
}
