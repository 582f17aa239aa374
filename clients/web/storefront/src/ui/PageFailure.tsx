import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { messageOf } from "../shop";
import { useTitle } from "./useTitle";

/** What is shown in place of a page that could not be shown. */
export function PageFailure() {
  const failure = useRouteError();
  if (isRouteErrorResponse(failure) && failure.status === 404) return <NotFoundPage />;
  return (
    <section className="empty">
      <h1>This page cannot be shown</h1>
      <p>{messageOf(failure)}</p>
      <button className="button" onClick={() => window.location.reload()}>
        Try again
      </button>
    </section>
  );
}

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <section className="empty">
      <h1>There is no such page</h1>
      <p>The link may be old, or mistyped.</p>
      <Link className="button" to="/">
        To the shop
      </Link>
    </section>
  );
}
