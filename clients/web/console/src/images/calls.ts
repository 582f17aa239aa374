// Pictures of a product, and the calls behind them.
import { type Image, MediaService } from "@sanset/client/gen/sanset/v1/media_pb.js";
import { readId, toId } from "../data/values";
import type { ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface ImageRecord extends ConsoleRecord {
  alt: string;
  /** "" for any. */
  variantId: string;
  url: string;
  mediumUrl: string;
  width: number;
  height: number;
}

const media = shop.of(MediaService);

export async function listImages(productId: string, signal?: AbortSignal): Promise<ImageRecord[]> {
  return (await media.listImages({ productId: toId(productId) }, { signal })).items.map(read);
}

export async function uploadImage(productId: string, file: File, alt: string, requestId: string): Promise<ImageRecord> {
  const data = new Uint8Array(await file.arrayBuffer());
  return read(await media.uploadImage(only({ productId: toId(productId), alt, requestId, file: { data } })));
}

export function updateImage({ id, etag, alt, variantId }: ImageRecord, requestId: string): Promise<Image> {
  const image = { id: toId(id), etag: etag ?? "", alt: alt ?? "", variantId: toId(variantId) };
  return media.updateImage({ image, updateMask: { paths: ["alt", "variant_id"] }, requestId });
}

export function reorderImages(productId: string, imageIds: readonly string[], requestId: string) {
  return media.reorderImages({ productId: toId(productId), imageIds: imageIds.map(toId), requestId });
}

export function deleteImage({ id, etag }: ImageRecord, requestId: string) {
  return media.deleteImage({ imageId: toId(id), etag: etag ?? "", requestId });
}

async function* only<T>(message: T): AsyncGenerator<T> {
  yield message;
}

function read(image: Image): ImageRecord {
  return {
    id: readId(image.id),
    etag: image.etag,
    alt: image.alt ?? "",
    variantId: readId(image.variantId ?? 0n),
    url: image.url,
    mediumUrl: image.mediumUrl,
    width: image.width,
    height: image.height,
  };
}
