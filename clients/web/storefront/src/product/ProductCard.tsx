import { type Product, Product_StockStatus as StockStatus } from "@sanset/client/gen/sanset/v1/product_pb.js";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { ProductPrice } from "./Price";
import { ProductPicture, cardUrl } from "./ProductPicture";
import { Stars } from "./Stars";

/** A product among others. `via` goes into the address, for the recommendations or searches to learn from. */
export function ProductCard({
  product,
  name,
  reason,
  via,
  eager = false,
}: {
  product: Product;
  name?: ReactNode;
  reason?: string;
  via?: string;
  eager?: boolean;
}) {
  return (
    <article className="card">
      <Link to={`/p/${product.slug}`} state={via === undefined ? undefined : { via }}>
        <ProductPicture name={product.name ?? ""} url={cardUrl(product.images, product.imageUrl)} size={240} eager={eager} />
        <h3>{name ?? product.name}</h3>
      </Link>
      <p className="card-facts">
        <ProductPrice product={product} />
        <Stars rating={product.rating} reviews={product.reviewsCount} />
      </p>
      {product.stockStatus === StockStatus.OUT_OF_STOCK && <p className="tag tag-warning">Sold out</p>}
      {reason !== undefined && <p className="card-reason">{reason}</p>}
    </article>
  );
}

/** Cards in rows, and their places while they are read. */
export function CardGrid({ children }: { children: ReactNode }) {
  return <div className="grid">{children}</div>;
}

export function WaitingCards({ number = 8, reasons = false }: { number?: number; reasons?: boolean }) {
  return (
    <div className="grid" aria-hidden="true">
      {Array.from({ length: number }, (_, index) => (
        <div key={index} className={reasons ? "card card-waiting card-waiting-reason" : "card card-waiting"} />
      ))}
    </div>
  );
}
