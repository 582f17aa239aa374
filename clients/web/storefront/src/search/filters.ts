// The filters of a search as they stand in the page's address.
import { SearchProductsRequest_Sort as Sort } from "@sanset/client/gen/sanset/v1/search_pb.js";

export const SORTS: readonly (readonly [string, string, Sort])[] = [
  ["", "Best match", Sort.RELEVANCE],
  ["popular", "Most bought", Sort.POPULARITY],
  ["price", "Lowest price", Sort.PRICE_ASC],
  ["price-down", "Highest price", Sort.PRICE_DESC],
  ["rating", "Best rated", Sort.RATING],
  ["new", "Newest", Sort.NEWEST],
];

/** What is searched for. Each key is one of the address. */
export interface Filters {
  readonly q: string;
  readonly category: string;
  readonly brands: string[];
  readonly attributes: string[];
  readonly minPrice: string;
  readonly maxPrice: string;
  readonly minRating: number;
  readonly sort: string;
}

/** Reads the filters of an address; what it says wrong counts as left out. */
export function filtersOf(params: URLSearchParams, category: string): Filters {
  const rating = Number(params.get("rating"));
  const sort = params.get("sort") ?? "";
  return {
    q: params.get("q") ?? "",
    category: category || (params.get("category") ?? ""),
    brands: params.getAll("brand"),
    attributes: params.getAll("attribute"),
    minPrice: amount(params.get("min")),
    maxPrice: amount(params.get("max")),
    minRating: rating >= 1 && rating <= 5 ? rating : 0,
    sort: SORTS.some(([name]) => name === sort) ? sort : "",
  };
}

export function sortOf(filters: Filters): Sort {
  // Without words nothing matches better than another.
  if (filters.sort === "" && filters.q === "") return Sort.POPULARITY;
  return SORTS.find(([name]) => name === filters.sort)![2];
}

/** The address' query with `value` for `key` put in, or taken out where it is there. */
export function toggled(params: URLSearchParams, key: string, value: string): URLSearchParams {
  const next = new URLSearchParams(params);
  if (next.has(key, value)) next.delete(key, value);
  else next.append(key, value);
  return next;
}

/** The address' query with `value` alone for `key`, or without it. */
export function replaced(params: URLSearchParams, values: Readonly<Record<string, string>>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(values)) {
    if (value === "") next.delete(key);
    else next.set(key, value);
  }
  return next;
}

function amount(text: string | null): string {
  return text !== null && /^[0-9]{1,9}(\.[0-9]{1,2})?$/.test(text) ? text : "";
}
