// Variants of a product, and the calls behind them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Variant, VariantSchema } from "@sanset/client/gen/sanset/v1/variant_pb.js";
import { changedPaths } from "../data/fields";
import { allPages } from "../data/useShopQuery";
import { type Amount, readAmount, readId, toId, toMoney } from "../data/values";
import type { ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface VariantRecord extends ConsoleRecord {
  productId: string;
  sku: string;
  options: { name: string; value: string }[];
  price: Amount | null;
  compareAtPrice: Amount | null;
  effectivePrice: Amount | null;
  stock: number;
  isDefault: boolean;
}

export async function listVariants(productId: string, signal?: AbortSignal): Promise<VariantRecord[]> {
  const all = await allPages((pageToken) =>
    shop.catalog.listVariants({ productId: toId(productId), pageSize: 100, pageToken }, { signal }),
  );
  return all.map(read);
}

export function createVariant(values: VariantRecord, requestId: string): Promise<Variant> {
  const variant = { ...write(values), stock: values.stock ?? 0 };
  return shop.catalog.createVariant({ productId: toId(values.productId), variant, requestId });
}

export async function updateVariant(previous: VariantRecord, values: VariantRecord, requestId: string): Promise<void> {
  const paths = changedPaths(values, previous);
  if (paths.length === 0) return;
  const variant = { ...write(values), id: toId(previous.id), productId: toId(previous.productId), etag: previous.etag ?? "" };
  await shop.catalog.updateVariant({ variant, updateMask: { paths }, requestId });
}

export function deleteVariant({ id, productId, etag }: VariantRecord, requestId: string) {
  return shop.catalog.deleteVariant({ productId: toId(productId), variantId: toId(id), etag: etag ?? "", requestId });
}

/** "red, M", or the sku of the one without options. */
export function variantName({ options, sku }: Pick<VariantRecord, "options" | "sku">): string {
  return options.length === 0 ? sku : options.map(({ value }) => value).join(", ");
}

function read(variant: Variant): VariantRecord {
  return {
    id: readId(variant.id),
    etag: variant.etag,
    productId: readId(variant.productId),
    sku: variant.sku ?? "",
    options: variant.options.map(({ name, value }) => ({ name, value })),
    price: readAmount(variant.price),
    compareAtPrice: readAmount(variant.compareAtPrice),
    effectivePrice: readAmount(variant.effectivePrice),
    stock: variant.stock,
    isDefault: variant.isDefault ?? false,
  };
}

function write(values: VariantRecord): MessageInitShape<typeof VariantSchema> {
  return {
    sku: values.sku || undefined,
    options: (values.options ?? []).map(({ name, value }) => ({ name: name ?? "", value: value ?? "" })),
    price: toMoney(values.price),
    compareAtPrice: toMoney(values.compareAtPrice),
    isDefault: values.isDefault || undefined,
  };
}
