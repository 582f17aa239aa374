// Stands for what is being read: a bar meanwhile, why it failed, or what was read.
import LinearProgress from "@mui/material/LinearProgress";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslate } from "react-admin";
import { Failure } from "./Failure";

export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const translate = useTranslate();
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failure failure={query.error} again={() => void query.refetch()} />;
  return <LinearProgress aria-label={translate("ra.message.loading")} sx={{ my: 2 }} />;
}
