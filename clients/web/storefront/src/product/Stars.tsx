import { count } from "../format";

/** A rating of five, with how many gave it. */
export function Stars({ rating, reviews }: { rating: number; reviews?: number }) {
  if (reviews === 0 || rating === 0) return null;
  const said = `${rating.toFixed(1)} of 5 stars${reviews === undefined ? "" : `, ${count(reviews, "review")}`}`;
  return (
    <span className="stars" role="img" aria-label={said}>
      <span aria-hidden="true">{"★".repeat(Math.round(rating))}</span>
      <span className="stars-empty" aria-hidden="true">
        {"★".repeat(5 - Math.round(rating))}
      </span>
      {reviews !== undefined && <span aria-hidden="true"> {reviews}</span>}
    </span>
  );
}
