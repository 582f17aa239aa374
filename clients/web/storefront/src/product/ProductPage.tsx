import type { Product } from "@sanset/client/gen/sanset/v1/product_pb.js";
import { Product_StockStatus as StockStatus } from "@sanset/client/gen/sanset/v1/product_pb.js";
import type { Variant } from "@sanset/client/gen/sanset/v1/variant_pb.js";
import { useQuery } from "@tanstack/react-query";
import { Fragment, Suspense, lazy, useEffect, useState } from "react";
import { Link, useLocation, useParams } from "react-router";
import { useCategories, wayToCategory } from "../search/useCategories";
import { shop } from "../shop";
import { Loaded } from "../ui/Loaded";
import { useTitle } from "../ui/useTitle";
import { AddToCart } from "./AddToCart";
import { Gallery } from "./Gallery";
import { type Chosen, Options, variantOf, withoutChoice } from "./Options";
import { Price, ProductPrice } from "./Price";
import { Recommended } from "./Recommended";
import { Stars } from "./Stars";
import { record } from "./record";

const Reviews = lazy(async () => ({ default: (await import("./Reviews")).Reviews })); // below what is seen first

/** A product, by the name or the id in the address. */
export function ProductPage() {
  const { slug = "", productId = "" } = useParams();
  const product = useQuery({
    queryKey: ["product", slug, productId],
    queryFn: ({ signal }) =>
      shop.catalog.getProduct(
        { key: slug === "" ? { case: "productId", value: BigInt(productId) } : { case: "slug", value: slug } },
        { signal },
      ),
  });
  return <Loaded query={product}>{(data) => <Shown key={String(data.id)} product={data} />}</Loaded>;
}

function Shown({ product }: { product: Product }) {
  useTitle(product.seoTitle || product.name);
  const via = (useLocation().state as { via?: string } | null)?.via ?? "";
  const variants = useVariants(product);
  const [chosen, setChosen] = useState<Chosen>(() => withoutChoice(product));
  const variant = variantOf(variants, product, chosen);
  useEffect(() => record("VIEW", product.id, via), [product.id, via]);

  return (
    <>
      <Way product={product} />
      <div className="product">
        <Gallery product={product} variant={variant} />
        <div>
          {product.brand && <p className="hint">{product.brand}</p>}
          <h1>{product.name}</h1>
          <p>
            <Stars rating={product.rating} reviews={product.reviewsCount} />
          </p>
          <p className="product-price">
            {variant === undefined || variants.length < 2 ? (
              <ProductPrice product={product} />
            ) : (
              <Price now={variant.effectivePrice ?? variant.price} before={variant.compareAtPrice ?? variant.listPrice} />
            )}
          </p>
          <Options product={product} variants={variants} chosen={chosen} choose={setChosen} />
          <Stock status={variant?.stockStatus ?? product.stockStatus} left={variant?.stock ?? product.stock} />
          <AddToCart product={product} variant={variant} missing={product.variantsCount <= 1 ? [] : missing(product, variant, chosen)} via={via} />
          {product.description && <Description text={product.description} />}
          <Attributes attributes={product.attributes} />
        </div>
      </div>
      <Recommended title="Often bought with it" of={{ boughtWith: product.id }} />
      <Recommended title="Like this one" of={{ similarTo: product.id }} />
      <Suspense>
        <Reviews productId={product.id} />
      </Suspense>
    </>
  );
}

/** The options that have still to be chosen: all of them where no variant is as was chosen. */
function missing({ options }: Product, variant: Variant | undefined, chosen: Chosen): string[] {
  if (variant !== undefined) return [];
  const names = options.map(({ name }) => name);
  const open = names.filter((name) => chosen[name] === undefined);
  return open.length > 0 ? open : names;
}

function useVariants(product: Product): readonly Variant[] {
  const { data } = useQuery({
    queryKey: ["variants", String(product.id)],
    enabled: product.variantsCount > 1,
    queryFn: async ({ signal }) => (await shop.catalog.listVariants({ productId: product.id, pageSize: 100 }, { signal })).items,
  });
  return data ?? [];
}

function Way({ product }: { product: Product }) {
  const { data: categories = [] } = useCategories();
  return (
    <nav aria-label="Above" className="way">
      {wayToCategory(product.categoryId ?? 0n, categories).map((category, place) => (
        <Fragment key={category.slug}>
          {place > 0 && " › "}
          <Link to={`/c/${category.slug}`}>{category.name}</Link>
        </Fragment>
      ))}
    </nav>
  );
}

function Stock({ status, left }: { status: StockStatus; left: number }) {
  if (status === StockStatus.OUT_OF_STOCK) return <p className="stock stock-out">Sold out</p>;
  if (status === StockStatus.LOW_STOCK) return <p className="stock stock-low">Only {left} left</p>;
  return <p className="stock">In stock</p>;
}

function Description({ text }: { text: string }) {
  return (
    <div className="description">
      {text.split(/\n{2,}/).map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
    </div>
  );
}

function Attributes({ attributes }: { attributes: Product["attributes"] }) {
  const shown = Object.entries(attributes ?? {}).filter(([, value]) => typeof value !== "object" || Array.isArray(value));
  if (shown.length === 0) return null;
  return (
    <dl className="facts">
      {shown.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{Array.isArray(value) ? value.join(", ") : String(value)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
