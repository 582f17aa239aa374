"""What the demo's buyers say of products that were delivered to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy import Connection

from server.db.bulk import reserve_ids, write_rows
from server.db.schema import metadata
from server.demo.history import DemoOrder
from server.review.reviews import MAX_STARS, RatingSummary, Status

REVIEWED: Final = 0.09
"""The share of the products bought that are reviewed."""
SILENT: Final = 0.25
"""The share of reviews that have stars only."""
SPREAD: Final = (4, 5, 11, 31, 49)
"""How often one to five stars are given to an ordinary product."""

TITLES: Final = (
    ("Disappointed", "Would not buy it again", "Not for me", "Sent it back"),
    ("Not what I hoped for", "Could be better", "Below average", "Hm."),
    ("It does its job", "All right for the price", "Average", "Neither good nor bad"),
    ("Good", "Solid", "Happy with it", "Does what it should", "Good value"),
    ("Excellent", "My new favourite", "Would buy it again", "Just right", "Highly recommended"),
)
OPENINGS: Final = (
    ("It looked better in the description.", "I wanted to like it.", "It broke the week after it came."),
    ("The idea is good.", "I had one before that was better.", "It is usable, but no more than that."),
    ("I have used it for a few weeks now.", "Nothing special.", "It is fine for every day."),
    ("I have used it for a month now.", "Better than I expected.", "A present that was well received."),
    (
        "I have bought it for the second time.",
        "Exactly what I was looking for.",
        "The whole family likes it.",
    ),
)
REMARKS: Final = (
    (
        "The quality is not what one pays for.",
        "Nobody answered my questions.",
        "I shall look for another one.",
    ),
    ("The finish is rough.", "It is smaller than I thought.", "The packaging was damaged."),
    ("The instructions could be clearer.", "The colour differs a little.", "Delivery took its time."),
    ("It came quickly and well packed.", "One star less for the price.", "The quality is good."),
    ("It came the next day.", "The quality is outstanding.", "I have told all my friends.", "Well made."),
)


@dataclass(frozen=True, slots=True)
class DemoReview:
    """A review; people and products are named by their index in their lists."""

    person: int
    product: int
    rating: int
    title: str
    text: str
    time: datetime


def make_reviews(rng: Random, purchases: Sequence[DemoOrder], now: datetime) -> list[DemoReview]:
    """Reviews of some of what was delivered before `now`, one of each product by a person, oldest first."""
    charm: dict[int, float] = defaultdict(lambda: rng.uniform(0.5, 1.9))
    written: dict[tuple[int, int], DemoReview] = {}
    for purchase in purchases:
        if purchase.delivered_at is None:
            continue
        for product in purchase.basket.units:
            key = purchase.basket.person, product
            time = purchase.delivered_at + timedelta(days=rng.uniform(0.2, 20))
            if rng.random() < REVIEWED and time <= now and key not in written:
                written[key] = _review(rng, *key, charm[product], time)
    return sorted(written.values(), key=lambda review: review.time)


def _review(rng: Random, person: int, product: int, charm: float, time: datetime) -> DemoReview:
    weights = [weight * charm**stars for stars, weight in enumerate(SPREAD)]
    rating = rng.choices(range(1, MAX_STARS + 1), weights)[0]
    if rng.random() < SILENT:
        return DemoReview(person, product, rating, "", "", time)
    title, opening, remark = (rng.choice(said[rating - 1]) for said in (TITLES, OPENINGS, REMARKS))
    return DemoReview(person, product, rating, title, f"{opening} {remark}", time)


def summaries(reviews: Sequence[DemoReview]) -> Mapping[int, RatingSummary]:
    """The numbers of the reviews of each product that has any."""
    counts = Counter((review.product, review.rating) for review in reviews)
    return {
        product: RatingSummary([counts[product, stars] for stars in range(1, MAX_STARS + 1)])
        for product, _ in counts
    }


def write_reviews(
    tx: Connection, reviews: Sequence[DemoReview], products: Sequence[int], users: Sequence[int]
) -> None:
    """Write reviews and their numbers; what products say of them is written with the products."""
    table = metadata.tables["reviews"]
    rows = (
        (
            *(review_id, products[one.product], users[one.person], one.rating, one.title, one.text),
            *(str(Status.PUBLISHED), one.time, one.time),
        )
        for review_id, one in zip(reserve_ids(tx, table, len(reviews)), reviews, strict=True)
    )
    columns = ("id", "product_id", "user_id", "rating", "title", "text", "status", "created_at", "updated_at")
    write_rows(tx, table, columns, rows)
    counts = (
        (products[product], stars, count)
        for product, summary in summaries(reviews).items()
        for stars, count in enumerate(summary.stars, start=1)
    )
    write_rows(tx, metadata.tables["review_counts"], ("product_id", "rating", "count"), counts)
