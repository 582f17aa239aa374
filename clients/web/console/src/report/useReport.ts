import { type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useAuthProvider } from "react-admin";
import { refusing } from "../data/refusals";

/** A report is read anew after this: the sums of the shop are some seconds late anyway. */
const FRESH_MS = 60_000;

/**
 * Reads a report; that of before stays on the page until the new one is there. `request` is what it is about, undefined while
 * that is not known.
 */
export function useReport<Q, T>(
  name: string,
  request: Q | undefined,
  read: (request: Q, signal: AbortSignal) => Promise<T>,
): UseQueryResult<T> {
  const auth = useAuthProvider();
  const query = useQuery({
    queryKey: ["report", name, request],
    queryKeyHashFn: (key) => JSON.stringify(key, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)),
    queryFn: ({ signal }) => refusing(read(request as Q, signal)),
    enabled: request !== undefined,
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
  const { error } = query;
  useEffect(() => {
    if (error !== null) void auth?.checkError(error);
  }, [error, auth]);
  return query;
}
