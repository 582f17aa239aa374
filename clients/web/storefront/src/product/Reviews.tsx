import { Review_Status as Status } from "@sanset/client/gen/sanset/v1/review_pb.js";
import { ReviewService } from "@sanset/client/gen/sanset/v1/review_pb.js";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "react-router";
import { useUser } from "../account/useUser";
import { day } from "../format";
import { queries, shop } from "../shop";
import { Field, Form, type Values } from "../ui/Form";
import { Stars } from "./Stars";

const reviews = shop.of(ReviewService);

/** What buyers say of a product, and a form for those who are buyers. */
export function Reviews({ productId }: { productId: bigint }) {
  const pages = useInfiniteQuery({
    queryKey: ["reviews", String(productId)],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => reviews.listReviews({ productId, pageSize: 10, pageToken: pageParam }, { signal }),
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });
  if (pages.data === undefined) return null;
  const summary = pages.data.pages[0]?.summary;
  return (
    <section className="reviews">
      <h2>Reviews</h2>
      {summary !== undefined && summary.count > 0 ? (
        <p>
          <Stars rating={summary.rating} reviews={summary.count} />
        </p>
      ) : (
        <p>There are none yet.</p>
      )}
      <ul className="rows">
        {pages.data.pages
          .flatMap((page) => page.items)
          .map((review) => (
            <li key={String(review.id)} className="review">
              <Stars rating={review.rating ?? 0} /> {review.title && <strong>{review.title}</strong>}
              <p dir="auto">{review.text}</p>
              <p className="hint">
                {review.author} · {day(review.createTime)}
              </p>
            </li>
          ))}
      </ul>
      {pages.hasNextPage && (
        <button className="button" onClick={() => void pages.fetchNextPage()}>
          More reviews
        </button>
      )}
      <WriteReview productId={productId} />
    </section>
  );
}

function WriteReview({ productId }: { productId: bigint }) {
  const user = useUser();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const [thanks, setThanks] = useState("");
  if (thanks !== "") return <p role="status">{thanks}</p>;
  if (!user.data) {
    return (
      <p>
        Did you buy it? <Link to={`/sign-in?next=${encodeURIComponent(pathname)}`}>Sign in</Link> to review it.
      </p>
    );
  }
  if (!open) {
    return (
      <button className="button" onClick={() => setOpen(true)}>
        Write a review
      </button>
    );
  }
  async function send(values: Values) {
    const review = await reviews.createReview({
      productId,
      review: {
        rating: Number(values.text("review.rating")),
        title: values.text("review.title"),
        text: values.text("review.text"),
      },
    });
    setThanks(review.status === Status.PUBLISHED ? "Thank you." : "Thank you. It is shown when we have looked at it.");
    await queries.invalidateQueries({ queryKey: ["reviews", String(productId)] });
  }
  return (
    <Form send={send} label="Send the review">
      <fieldset className="options">
        <legend>Stars</legend>
        {[1, 2, 3, 4, 5].map((stars) => (
          <label key={stars} className="option">
            <input type="radio" name="review.rating" value={stars} defaultChecked={stars === 5} />
            <span>{stars}</span>
          </label>
        ))}
      </fieldset>
      <Field label="Title" name="review.title" maxLength={120} />
      <Field label="What do you say of it?" name="review.text" rows={5} maxLength={5000} />
    </Form>
  );
}
