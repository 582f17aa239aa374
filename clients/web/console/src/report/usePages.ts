import { useState } from "react";

/** Going through a list by its tokens: `about` is what it lists, and another begins at its first page. */
export function usePages(about: unknown): {
  pageToken: string;
  hasPrevious: boolean;
  next: (token: string) => void;
  previous: () => void;
} {
  const key = JSON.stringify(about, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  const [state, setState] = useState<{ key: string; tokens: string[] }>({ key, tokens: [] });
  const tokens = state.key === key ? state.tokens : [];
  return {
    pageToken: tokens.at(-1) ?? "",
    hasPrevious: tokens.length > 0,
    next: (token) => setState({ key, tokens: [...tokens, token] }),
    previous: () => setState({ key, tokens: tokens.slice(0, -1) }),
  };
}
