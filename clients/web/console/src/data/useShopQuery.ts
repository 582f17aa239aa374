// What a page reads from the shop beside its record.
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useAuthProvider } from "react-admin";
import { refusing } from "./refusals";

export function useShopQuery<T>(key: readonly unknown[], read: (signal: AbortSignal) => Promise<T>): UseQueryResult<T> {
  const auth = useAuthProvider();
  return useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      try {
        return await refusing(read(signal));
      } catch (failure) {
        await auth?.checkError(failure);
        throw failure;
      }
    },
  });
}

/** Reads a list to its end. */
export async function allPages<T>(read: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>): Promise<T[]> {
  const all: T[] = [];
  let token = "";
  do {
    const page = await read(token);
    all.push(...page.items);
    token = page.nextPageToken;
  } while (token !== "");
  return all;
}
