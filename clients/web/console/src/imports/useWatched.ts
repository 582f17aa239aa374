// An import that is watched while it runs.
import { useEffect, useState } from "react";
import { useRefresh } from "react-admin";
import { type ImportRecord, watchImport } from "./calls";

/** The import as it stands now; what was read until the first news. */
export function useWatched(read: ImportRecord | undefined): ImportRecord | undefined {
  const [latest, setLatest] = useState<ImportRecord>();
  const refresh = useRefresh();
  const id = read?.id;
  const runs = read !== undefined && read.endTime === null;
  useEffect(() => {
    if (id === undefined || !runs) return;
    const stop = new AbortController();
    const follow = async () => {
      for await (const state of watchImport(id, stop.signal)) setLatest(state);
      refresh(); // lists of products and imports have changed
    };
    follow().catch(() => undefined); // the page stays as it was read, and is read anew on demand
    return () => stop.abort();
  }, [id, runs, refresh]);
  return latest?.id === id && runs ? latest : read;
}
