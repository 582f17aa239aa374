// Products as records, and the calls behind them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Discount, type DiscountSchema, ListProductsRequest_Sort, type Product, type ProductSchema, Product_StockStatus } from "@sanset/client/gen/sanset/v1/product_pb.js";
import { User_Role } from "@sanset/client/gen/sanset/v1/user_pb.js";
import { type Fact, readFacts, toFacts } from "../data/facts";
import { type Amount, readAmount, readId, readPercent, readTime, toBasisPoints, toId, toMoney, toTime } from "../data/values";
import type { Calls, ConsoleRecord, ListQuery } from "../resource";
import { currentUser } from "../session/user";
import { shop } from "../shop";

/** A reduction, by the names that the contract has for its parts. */
export interface DiscountValues {
  kind: "none" | "percent" | "amount";
  basisPoints?: number | null;
  amount?: Amount | null;
  startTime?: string | null;
  endTime?: string | null;
}

export interface TranslationValues {
  language: string;
  name: string;
  description: string;
  seoTitle: string;
  seoDescription: string;
}

export interface ProductRecord extends ConsoleRecord {
  sku: string;
  name: string;
  slug: string;
  description: string;
  /** Its name, in the language of the page. */
  category: string;
  categoryId: string;
  brand: string;
  price: Amount | null;
  compareAtPrice: Amount | null;
  effectivePrice: Amount | null;
  lowestPrice: Amount | null;
  highestPrice: Amount | null;
  stock: number;
  stockStatus: keyof typeof Product_StockStatus;
  maxQuantity: number | null;
  maxQuantityDays: number | null;
  attributes: Fact[];
  metadata: Fact[];
  tags: string[];
  seoTitle: string;
  seoDescription: string;
  vendorId: string;
  rating: number;
  reviewsCount: number;
  variantsCount: number;
  options: { name: string; values: string[] }[];
  discount: DiscountValues;
  translations: TranslationValues[];
  imageUrl: string;
  createTime: string | null;
  updateTime: string | null;
  deleteTime: string | null;
}

export const calls: Calls<ProductRecord> = {
  async list({ pageSize, pageToken, filter, signal }) {
    const page = await shop.catalog.listProducts({ pageSize, pageToken, ...(await filterOf(filter)) }, { signal });
    const total = page.totalSize !== undefined && page.totalSize < MOST_COUNTED ? { total: page.totalSize } : {};
    return { items: page.items.map(readProduct), nextPageToken: page.nextPageToken, ...total };
  },

  async get(id, signal) {
    return readProduct(await shop.catalog.getProduct({ key: { case: "productId", value: toId(id) }, language: "*" }, { signal }));
  },

  async create(values, { requestId }) {
    return readProduct(await shop.catalog.createProduct({ product: { ...write(values), stock: values.stock ?? 0 }, requestId }));
  },

  async update(values, { requestId, paths }) {
    const product = { ...write(values), id: toId(values.id), etag: values.etag ?? "" };
    return readProduct(await shop.catalog.updateProduct({ product, updateMask: { paths }, requestId }));
  },

  async remove({ id, etag }, { requestId }) {
    await shop.catalog.deleteProduct({ productId: toId(id), etag: etag ?? "", requestId });
  },
};

/** The shop counts no further. */
const MOST_COUNTED = 1_000;

export type SortName = Exclude<keyof typeof ListProductsRequest_Sort, "SORT_UNSPECIFIED">;

/** Vendors are shown their own products: others' are not theirs to change. */
async function filterOf(filter: ListQuery["filter"]) {
  const text = (name: string) => (filter[name] == null ? "" : String(filter[name]));
  const user = await currentUser();
  const own = user.role === User_Role.VENDOR ? readId(user.id) : text("vendorId");
  const tags = filter["tags"];
  return {
    q: text("q"),
    category: text("category"),
    brand: text("brand"),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    minPrice: text("minPrice").replace(",", "."),
    maxPrice: text("maxPrice").replace(",", "."),
    inStock: typeof filter["inStock"] === "boolean" ? filter["inStock"] : undefined,
    vendorId: toId(own),
    showDeleted: filter["showDeleted"] === true,
    sort: ListProductsRequest_Sort[(text("sort") || "SORT_UNSPECIFIED") as keyof typeof ListProductsRequest_Sort],
  };
}

export function readProduct(product: Product): ProductRecord {
  return {
    id: readId(product.id),
    etag: product.etag,
    ...readTexts(product),
    ...readPrices(product),
    category: product.category ?? "",
    categoryId: readId(product.categoryId ?? 0n),
    stock: product.stock,
    stockStatus: Product_StockStatus[product.stockStatus] as keyof typeof Product_StockStatus,
    maxQuantity: product.maxQuantity ?? null,
    maxQuantityDays: product.maxQuantityDays ?? null,
    attributes: readFacts(product.attributes),
    metadata: readFacts(product.metadata),
    tags: product.tags,
    vendorId: readId(product.vendorId),
    rating: product.rating,
    reviewsCount: product.reviewsCount,
    variantsCount: product.variantsCount,
    options: product.options.map(({ name, values }) => ({ name, values })),
    imageUrl: product.imageUrl,
    createTime: readTime(product.createTime),
    updateTime: readTime(product.updateTime),
    deleteTime: readTime(product.deleteTime),
  };
}

function readTexts(product: Product) {
  return {
    sku: product.sku ?? "",
    name: product.name ?? "",
    slug: product.slug ?? "",
    description: product.description ?? "",
    brand: product.brand ?? "",
    seoTitle: product.seoTitle ?? "",
    seoDescription: product.seoDescription ?? "",
    translations: product.translations.map(({ language, name, description, seoTitle, seoDescription }) => ({
      language,
      name,
      description,
      seoTitle,
      seoDescription,
    })),
  };
}

function readPrices(product: Product) {
  return {
    price: readAmount(product.price),
    compareAtPrice: readAmount(product.compareAtPrice),
    effectivePrice: readAmount(product.effectivePrice),
    lowestPrice: readAmount(product.priceRange?.minPrice),
    highestPrice: readAmount(product.priceRange?.maxPrice),
    discount: readDiscount(product.discount),
  };
}

function readDiscount(discount: Discount | undefined): DiscountValues {
  if (discount === undefined) return { kind: "none" };
  const { reduction } = discount;
  return {
    kind: reduction.case === "amount" ? "amount" : "percent",
    basisPoints: reduction.case === "basisPoints" ? readPercent(reduction.value) : null,
    amount: reduction.case === "amount" ? readAmount(reduction.value) : null,
    startTime: readTime(discount.startTime),
    endTime: readTime(discount.endTime),
  };
}

function write(values: Partial<ProductRecord>): MessageInitShape<typeof ProductSchema> {
  return {
    sku: values.sku || undefined,
    name: values.name ?? "",
    slug: values.slug || undefined,
    description: values.description ?? "",
    categoryId: toId(values.categoryId),
    brand: values.brand ?? "",
    price: toMoney(values.price),
    compareAtPrice: toMoney(values.compareAtPrice),
    maxQuantity: values.maxQuantity ?? undefined,
    maxQuantityDays: values.maxQuantityDays ?? undefined,
    attributes: toFacts(values.attributes),
    metadata: toFacts(values.metadata),
    tags: values.tags ?? [],
    seoTitle: values.seoTitle ?? "",
    seoDescription: values.seoDescription ?? "",
    discount: writeDiscount(values.discount),
    translations: (values.translations ?? []).map((texts) => ({
      language: texts.language ?? "",
      name: texts.name ?? "",
      description: texts.description ?? "",
      seoTitle: texts.seoTitle ?? "",
      seoDescription: texts.seoDescription ?? "",
    })),
  };
}

function writeDiscount(discount: DiscountValues | undefined): MessageInitShape<typeof DiscountSchema> | undefined {
  if (discount === undefined || discount.kind === "none") return undefined;
  const amount = toMoney(discount.amount);
  const times = { startTime: toTime(discount.startTime), endTime: toTime(discount.endTime) };
  if (discount.kind === "amount" && amount !== undefined) return { reduction: { case: "amount", value: amount }, ...times };
  if (discount.kind === "percent" && discount.basisPoints != null) {
    return { reduction: { case: "basisPoints", value: toBasisPoints(discount.basisPoints) }, ...times };
  }
  return times;
}
