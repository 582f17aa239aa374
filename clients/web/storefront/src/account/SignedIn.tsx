import type { User } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { Fragment, type ReactNode, Suspense, createContext, lazy, useContext, useRef } from "react";
import { Navigate, useLocation } from "react-router";
import { Loaded } from "../ui/Loaded";
import { useUser } from "./useUser";

const SignInAgain = lazy(async () => ({ default: (await import("./SignInAgain")).SignInAgain }));
const UserContext = createContext<User | undefined>(undefined);

type Children = (user: User) => ReactNode;

/**
 * Shows its children to a user; a guest signs in first, and comes back. Where the session of a user ends, they sign in
 * above the page, which keeps what they typed.
 */
export function SignedIn({ children }: { children: Children }) {
  const around = useContext(UserContext);
  return around === undefined ? <Outermost>{children}</Outermost> : children(around);
}

function Outermost({ children }: { children: Children }) {
  const user = useUser();
  const last = useRef<User>(undefined);
  const { pathname, search } = useLocation();
  return (
    <Loaded query={user}>
      {(data) => {
        last.current = data ?? last.current;
        if (last.current === undefined) return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
        return (
          <UserContext value={last.current}>
            <Fragment key={String(last.current.id)}>{children(last.current)}</Fragment>
            {data === null && (
              <Suspense>
                <SignInAgain />
              </Suspense>
            )}
          </UserContext>
        );
      }}
    </Loaded>
  );
}
