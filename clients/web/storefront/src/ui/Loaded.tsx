import { Code, SansetError } from "@sanset/client";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { messageOf } from "../shop";
import { NotFoundPage } from "./PageFailure";

/** Shows what was read; before that `waiting`, and where it failed the reason with a way to try again. */
export function Loaded<T>({
  query,
  waiting,
  children,
}: {
  query: UseQueryResult<T>;
  waiting?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isPending) return <>{waiting ?? <Waiting />}</>;
  if (query.error instanceof SansetError && query.error.code === Code.NotFound) return <NotFoundPage />;
  return (
    <div className="empty" role="alert">
      <p>{messageOf(query.error)}</p>
      <button className="button" onClick={() => void query.refetch()}>
        Try again
      </button>
    </div>
  );
}

export function Waiting() {
  return (
    <p className="waiting" role="status">
      Loading…
    </p>
  );
}
