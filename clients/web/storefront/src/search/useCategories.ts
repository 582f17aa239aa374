import type { Category } from "@sanset/client/gen/sanset/v1/category_pb.js";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { shop } from "../shop";

/** The tree of categories. */
export function useCategories(): UseQueryResult<Category[]> {
  return useQuery({
    queryKey: ["categories"],
    staleTime: 300_000,
    queryFn: async ({ signal }) => (await shop.catalog.listCategories({ pageSize: 500 }, { signal })).items,
  });
}

/** The way from a root of the tree to the category of `slug`; empty where there is none. */
export function wayTo(slug: string, categories: readonly Category[]): readonly Category[] {
  for (const category of categories) {
    if (category.slug === slug) return [category];
    const below = wayTo(slug, category.children);
    if (below.length > 0) return [category, ...below];
  }
  return [];
}

/** The category of an id. */
export function categoryOfId(id: bigint, categories: readonly Category[]): Category | undefined {
  for (const category of categories) {
    const hit = category.id === id ? category : categoryOfId(id, category.children);
    if (hit !== undefined) return hit;
  }
  return undefined;
}

/** The way from a root of the tree to the category of an id; empty where there is none. */
export function wayToCategory(id: bigint, categories: readonly Category[]): readonly Category[] {
  const slug = categoryOfId(id, categories)?.slug;
  return slug === undefined ? [] : wayTo(slug, categories);
}
