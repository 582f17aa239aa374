// A category with all its texts, and the calls behind it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Category, CategorySchema } from "@sanset/client/gen/sanset/v1/category_pb.js";
import { changedPaths } from "../data/fields";
import { readId, toId } from "../data/values";
import type { ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface CategoryRecord extends ConsoleRecord {
  name: string;
  slug: string;
  /** "" at the top. */
  parentId: string;
  description: string;
  translations: { language: string; name: string; description: string }[];
}

export async function getCategory(id: string, signal?: AbortSignal): Promise<CategoryRecord> {
  const key = { case: "categoryId", value: toId(id) } as const;
  return read(await shop.catalog.getCategory({ key, language: "*" }, { signal }));
}

export function createCategory(values: CategoryRecord, requestId: string): Promise<Category> {
  return shop.catalog.createCategory({ category: write(values), requestId });
}

export async function updateCategory(previous: CategoryRecord, values: CategoryRecord, requestId: string): Promise<void> {
  const paths = changedPaths(values, previous);
  if (paths.length === 0) return;
  const category = { ...write(values), id: toId(previous.id), etag: previous.etag ?? "" };
  await shop.catalog.updateCategory({ category, updateMask: { paths }, requestId });
}

export function deleteCategory({ id, etag }: ConsoleRecord, requestId: string) {
  return shop.catalog.deleteCategory({ categoryId: toId(id), etag: etag ?? "", requestId });
}

function read(category: Category): CategoryRecord {
  return {
    id: readId(category.id),
    etag: category.etag,
    name: category.name ?? "",
    slug: category.slug ?? "",
    parentId: readId(category.parentId ?? 0n),
    description: category.description ?? "",
    translations: category.translations.map(({ language, name, description }) => ({ language, name, description })),
  };
}

function write(values: CategoryRecord): MessageInitShape<typeof CategorySchema> {
  return {
    name: values.name ?? "",
    slug: values.slug || undefined,
    parentId: toId(values.parentId),
    description: values.description ?? "",
    translations: (values.translations ?? []).map(({ language, name, description }) => ({
      language: language ?? "",
      name: name ?? "",
      description: description ?? "",
    })),
  };
}
