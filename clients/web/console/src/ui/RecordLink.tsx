import Link from "@mui/material/Link";
import type { ReactNode } from "react";
import { useCanAccess, useCreatePath } from "react-admin";
import { Link as RouterLink } from "react-router-dom";
import { resources } from "../registry";

/** A link to a record, where the console has a page of it that the user may open; else the text alone. */
export function RecordLink({ resource, id, children }: { resource: string; id: bigint | string; children: ReactNode }) {
  const pages = resources.find(({ name }) => name === resource)?.pages;
  const type = pages?.show !== undefined ? "show" : "edit";
  const { canAccess } = useCanAccess({ resource, action: type });
  const path = useCreatePath()({ resource, type, id: id.toString() });
  if (pages?.[type] === undefined || canAccess !== true || id.toString() === "0") return children;
  return (
    <Link component={RouterLink} to={path}>
      {children}
    </Link>
  );
}
