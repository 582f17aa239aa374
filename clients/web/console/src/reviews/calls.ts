// Reviews as records, and the calls behind them.
import { type Review, ReviewService, Review_Status } from "@sanset/client/gen/sanset/v1/review_pb.js";
import { readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface ReviewRecord extends ConsoleRecord {
  productId: string;
  rating: number;
  title: string;
  text: string;
  author: string;
  status: Exclude<keyof typeof Review_Status, "STATUS_UNSPECIFIED">;
  createTime: string | null;
  updateTime: string | null;
}

const reviews = shop.of(ReviewService);

export const calls: Calls<ReviewRecord> = {
  /** Those of all products, the newest first; of one product what is published. */
  async list({ pageSize, pageToken, filter, signal }) {
    const productId = filter["productId"] ? toId(String(filter["productId"])) : 0n;
    const status = Review_Status[(filter["status"] ?? "STATUS_UNSPECIFIED") as keyof typeof Review_Status];
    const page =
      productId === 0n
        ? await reviews.listAllReviews({ pageSize, pageToken, status }, { signal })
        : await reviews.listReviews({ productId, pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await reviews.getReview({ reviewId: toId(id) }, { signal }));
  },

  async remove({ id, etag }, { requestId }) {
    await reviews.deleteReview({ reviewId: toId(id), etag: etag ?? "", requestId });
  },
};

export function moderate({ review, status }: { review: ReviewRecord; status: "PUBLISHED" | "REJECTED" }, requestId: string) {
  return reviews.moderateReview({ reviewId: toId(review.id), etag: review.etag ?? "", status: Review_Status[status], requestId });
}

export function deleteReview({ id, etag }: ReviewRecord, requestId: string) {
  return reviews.deleteReview({ reviewId: toId(id), etag: etag ?? "", requestId });
}

function read(review: Review): ReviewRecord {
  return {
    id: readId(review.id),
    etag: review.etag,
    productId: readId(review.productId),
    rating: review.rating ?? 0,
    title: review.title ?? "",
    text: review.text ?? "",
    author: review.author,
    status: Review_Status[review.status] as ReviewRecord["status"],
    createTime: readTime(review.createTime),
    updateTime: readTime(review.updateTime),
  };
}
