import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Skeleton from "@mui/material/Skeleton";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslate } from "react-admin";
import { Failure } from "../ui/Failure";

/** What a report shows: its shape while it is read, why it could not be, or `children` of what was read. */
export function Report<T>({
  query,
  height = 240,
  children,
}: {
  query: UseQueryResult<T>;
  height?: number;
  children: (data: T) => ReactNode;
}) {
  const translate = useTranslate();
  if (query.error !== null) return <Failure failure={query.error} again={() => void query.refetch()} />;
  if (query.data === undefined)
    return <Skeleton variant="rounded" height={height} role="status" aria-label={translate("ra.page.loading")} />;
  return (
    <Box aria-busy={query.isPlaceholderData} sx={{ opacity: query.isPlaceholderData ? 0.5 : 1, transition: "opacity 150ms" }}>
      {children(query.data)}
    </Box>
  );
}

/** Says that sums are too low for a while. */
export function Incomplete({ complete }: { complete: boolean | undefined }) {
  const translate = useTranslate();
  if (complete !== false) return null;
  return (
    <Alert severity="info" sx={{ mb: 2 }}>
      {translate("console.report.incomplete")}
    </Alert>
  );
}
