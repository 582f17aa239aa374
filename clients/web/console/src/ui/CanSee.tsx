import type { ReactNode } from "react";
import { AccessDenied, Loading, useCanAccess } from "react-admin";
import { Failure } from "./Failure";

/** Shows a page to those who may call what it is about, and to others that they may not. */
export function CanSee({ page, children }: { page: string; children: ReactNode }) {
  const { canAccess, isPending, error } = useCanAccess({ resource: page, action: "list" });
  if (error) return <Failure failure={error} />;
  if (isPending) return <Loading />;
  return canAccess ? children : <AccessDenied />;
}
