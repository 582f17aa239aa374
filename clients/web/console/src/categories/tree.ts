// The tree of categories, read whole: a shop has at most a thousand.
import type { Category } from "@sanset/client/gen/sanset/v1/category_pb.js";

import { allPages, useShopQuery } from "../data/useShopQuery";
import { readId } from "../data/values";
import { shop } from "../shop";

export interface CategoryNode {
  id: string;
  name: string;
  slug: string;
  parentId: string;
  etag: string;
  /** The names from the top: "Kitchen › Mugs". */
  path: string;
  children: CategoryNode[];
}

export function useCategoryTree() {
  return useShopQuery(["categories", "tree"], async (signal) => {
    const top = await allPages((pageToken) => shop.catalog.listCategories({ pageSize: 100, pageToken }, { signal }));
    return top.map((category) => read(category, "", ""));
  });
}

/** The categories as choices of an input, in the order of the tree. */
export function useCategoryChoices(): { choices: { id: string; name: string; slug: string }[]; isPending: boolean } {
  const { data, isPending } = useCategoryTree();
  return { choices: flat(data ?? []).map(({ id, path, slug }) => ({ id, name: path, slug })), isPending };
}

export function flat(nodes: readonly CategoryNode[]): CategoryNode[] {
  return nodes.flatMap((node) => [node, ...flat(node.children)]);
}

function read(category: Category, parentId: string, above: string): CategoryNode {
  const name = category.name ?? "";
  const path = above === "" ? name : `${above} › ${name}`;
  const id = readId(category.id);
  const children = category.children.map((child) => read(child, id, path));
  return { id, name, slug: category.slug ?? "", parentId, etag: category.etag, path, children };
}
