import type { Product } from "@sanset/client/gen/sanset/v1/product_pb.js";
import type { Variant } from "@sanset/client/gen/sanset/v1/variant_pb.js";
import { useState } from "react";
import { ProductPicture } from "./ProductPicture";

const SIZE = 560;

/** The pictures of a product, that of the chosen variant first. */
export function Gallery({ product, variant }: { product: Product; variant: Variant | undefined }) {
  const [chosen, setChosen] = useState<bigint>();
  const { images } = product;
  if (images.length === 0) {
    return (
      <div className="gallery">
        <ProductPicture name={product.name ?? ""} url={product.imageUrl} size={SIZE} eager />
      </div>
    );
  }
  const ofVariant = variant && images.find((image) => image.variantId === variant.id);
  const shown = images.find((image) => image.id === chosen) ?? ofVariant ?? images[0]!;
  return (
    <div className="gallery">
      <img
        className="picture"
        src={shown.largeUrl || shown.url}
        alt={shown.alt || product.name}
        width={SIZE}
        height={SIZE}
        fetchPriority="high"
      />
      {images.length > 1 && (
        <div className="thumbnails">
          {images.map((image, index) => (
            <button
              key={String(image.id)}
              aria-label={image.alt || `Picture ${index + 1}`}
              aria-pressed={image === shown}
              onClick={() => setChosen(image.id)}
            >
              <img src={image.thumbnailUrl} alt="" width={64} height={64} loading="lazy" />
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
