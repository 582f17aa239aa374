import type { Image } from "@sanset/client/gen/sanset/v1/media_pb.js";

/** A product's picture, or a plain tile with its initial where it has none. Its room is kept while it loads. */
export function ProductPicture({
  name,
  url,
  size,
  eager = false,
}: {
  name: string;
  url: string;
  size: number;
  eager?: boolean;
}) {
  if (url === "") {
    return (
      <span className={`picture picture-none hue-${hueOf(name)}`} style={{ "--size": `${size}px` } as React.CSSProperties} aria-hidden="true">
        {initialOf(name)}
      </span>
    );
  }
  return (
    <img
      className="picture"
      src={url}
      alt=""
      width={size}
      height={size}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
    />
  );
}

/** Which of a picture's sizes a card shows. */
export function cardUrl(images: readonly Image[], fallback: string): string {
  return images[0]?.mediumUrl || fallback;
}

function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.charCodeAt(0)) % 8;
  return sum;
}

function initialOf(name: string): string {
  return name.trim().charAt(0).toUpperCase();
}
