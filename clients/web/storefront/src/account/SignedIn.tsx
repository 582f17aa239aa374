import type { ReactNode } from "react";
import type { User } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { Navigate, useLocation } from "react-router";
import { Loaded } from "../ui/Loaded";
import { useUser } from "./useUser";

/** Shows its children to a user; a guest signs in first, and comes back. */
export function SignedIn({ children }: { children: (user: User) => ReactNode }) {
  const user = useUser();
  const { pathname, search } = useLocation();
  return (
    <Loaded query={user}>
      {(data) => (data === null ? <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace /> : children(data))}
    </Loaded>
  );
}
