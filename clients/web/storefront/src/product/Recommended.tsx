// Rows of products that the shop recommends.
import type { Product } from "@sanset/client/gen/sanset/v1/product_pb.js";
import {
  GetRecommendationsRequest_Context as Context,
  type Recommendation,
} from "@sanset/client/gen/sanset/v1/recommend_pb.js";
import { Product_View as View } from "@sanset/client/gen/sanset/v1/product_pb.js";
import { useQuery } from "@tanstack/react-query";
import { useUser } from "../account/useUser";
import { shop, visitorId } from "../shop";
import { CardGrid, ProductCard, WaitingCards } from "./ProductCard";

const LIMIT = 6; // a row of a wide window

/** What to recommend: for a page of its own kind, or beside a product. */
export type Choice =
  | { readonly context: Context.HOMEPAGE | Context.CART }
  | { readonly similarTo: bigint }
  | { readonly boughtWith: bigint }
  | { readonly trending: true };

interface Row {
  readonly token: string;
  readonly cards: readonly { readonly product: Product; readonly reason: string }[];
}

/** A row of recommendations under a title; nothing where there are none, as where they cannot be had. */
export function Recommended({ title, of: choice, eager = false }: { title: string; of: Choice; eager?: boolean }) {
  const user = useUser();
  const row = useQuery({
    queryKey: ["recommended", keyOf(choice), String(user.data?.id ?? "")],
    enabled: !user.isPending,
    queryFn: ({ signal }) => read(choice, user.data?.id ?? 0n, signal),
  });
  const reasons = "context" in choice; // the title of the others is their reason
  if (row.isError || row.data?.cards.length === 0) return null;
  return (
    <section className="recommended">
      <h2>{title}</h2>
      {row.data === undefined ? (
        <WaitingCards number={LIMIT} reasons={reasons} />
      ) : (
        <CardGrid>
          {row.data.cards.map(({ product, reason }) => (
            <ProductCard key={String(product.id)} product={product} {...(reasons && { reason })} via={row.data.token} eager={eager} />
          ))}
        </CardGrid>
      )}
    </section>
  );
}

async function read(choice: Choice, userId: bigint, signal: AbortSignal): Promise<Row> {
  const { items, attributionToken } = await recommendations(choice, userId, signal);
  if (items.length === 0) return { token: "", cards: [] };
  const productIds = items.map((item) => item.productId);
  const { items: products } = await shop.catalog.batchGetProducts({ productIds, view: View.SUMMARY }, { signal });
  const byId = new Map(products.map((product) => [product.id, product]));
  const cards = items.flatMap(({ productId, reason }) => {
    const product = byId.get(productId);
    return product === undefined ? [] : [{ product, reason }];
  });
  return { token: attributionToken, cards };
}

function recommendations(
  choice: Choice,
  userId: bigint,
  signal: AbortSignal,
): Promise<{ items: Recommendation[]; attributionToken: string }> {
  if ("similarTo" in choice) {
    return shop.recommend.getSimilarProducts({ productId: choice.similarTo, limit: LIMIT }, { signal });
  }
  if ("boughtWith" in choice) {
    return shop.recommend.getFrequentlyBoughtTogether({ productId: choice.boughtWith, limit: LIMIT }, { signal });
  }
  if ("trending" in choice) return shop.recommend.getTrending({ limit: LIMIT }, { signal });
  return shop.recommend.getRecommendations({ userId, visitorId, context: choice.context, limit: LIMIT }, { signal });
}

function keyOf(choice: Choice): string {
  return Object.entries(choice)
    .map(([name, value]) => `${name}:${value}`)
    .join();
}
