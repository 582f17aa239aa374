import { useEffect } from "react";

/** Names the page in the tab, the history and to screen readers. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title === undefined || title === "" ? "Sanset" : `${title} – Sanset`;
  }, [title]);
}
