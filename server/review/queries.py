"""SQL of reviews: one function per question."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, literal_column, select, tuple_, update

from server.catalog.models import Product
from server.db.base import AnySelect, Values
from server.db.rows import from_row
from server.db.upsert import insert_for
from server.review.models import Review, ReviewCount
from server.review.reviews import MAX_STARS, RatingSummary, Status, StoredReview
from server.user.models import User

_OF_ALL_PRODUCTS: AnySelect = select(*Review.__table__.columns, User.full_name).join(
    User, User.id == Review.user_id
)
_REVIEWS = _OF_ALL_PRODUCTS.join(Product, Product.id == Review.product_id).where(Product.deleted_at.is_(None))


# Literals: of a parameter no database can tell that an index of such reviews alone will do.
_PUBLISHED = Review.status == literal_column(f"'{Status.PUBLISHED}'")
_PENDING = Review.status == literal_column(f"'{Status.PENDING}'")


def insert_review(tx: Connection, values: Values) -> int | None:
    """Insert a review, and return its id; None when its author has one of the product."""
    statement = insert_for(tx)(Review).values(**values).on_conflict_do_nothing()
    return tx.execute(statement.returning(Review.id)).scalar()


def review(connection: Connection, review_id: int) -> StoredReview | None:
    """A review, whoever may see it; not of a product that was deleted."""
    row = connection.execute(_REVIEWS.where(Review.id == review_id)).one_or_none()
    return None if row is None else from_row(StoredReview, row)


def reviewed_products(connection: Connection, user_id: int, limit: int) -> Sequence[int]:
    """Products that a user has reviewed, the first of them by id; deleted ones too."""
    statement = select(Review.product_id).where(Review.user_id == user_id)
    return connection.scalars(statement.order_by(Review.product_id).limit(limit)).all()


def review_of(connection: Connection, user_id: int, product_id: int) -> StoredReview | None:
    """What a user says of a product, be it deleted."""
    is_it = (Review.user_id == user_id, Review.product_id == product_id)
    row = connection.execute(_OF_ALL_PRODUCTS.where(*is_it)).one_or_none()
    return None if row is None else from_row(StoredReview, row)


def update_review(tx: Connection, review_id: int, values: Values) -> None:
    """Change columns of a review, and count its version up."""
    statement = update(Review).where(Review.id == review_id)
    tx.execute(statement.values(**values, version=Review.version + 1))


def delete_review(tx: Connection, review_id: int) -> None:
    """Delete a review."""
    tx.execute(delete(Review).where(Review.id == review_id))


def published_page(
    connection: Connection, product_id: int, sort: str, after: Sequence[object] | None, limit: int
) -> list[StoredReview]:
    """What was published about a product, in an order, after the keys (rating, created_at, id) of a review."""
    statement = _REVIEWS.where(Review.product_id == product_id, _PUBLISHED)
    keys = [Review.rating, Review.created_at, Review.id]
    values = list(after or ())
    if sort == "NEWEST":
        del keys[0], values[:1]
    rises = sort == "LOWEST"
    if after is not None:
        last = tuple_(*keys) > tuple(values) if rises else tuple_(*keys) < tuple(values)
        statement = statement.where(last)
    order = keys if rises else [key.desc() for key in keys]
    rows = connection.execute(statement.order_by(*order).limit(limit))
    return [from_row(StoredReview, row) for row in rows]


def pending_page(connection: Connection, after: Sequence[object] | None, limit: int) -> list[StoredReview]:
    """The reviews that wait to be moderated, the oldest first, after the keys (updated_at, id) of one."""
    statement = _REVIEWS.where(_PENDING)
    if after is not None:
        statement = statement.where(tuple_(Review.updated_at, Review.id) > tuple(after))
    rows = connection.execute(statement.order_by(Review.updated_at, Review.id).limit(limit))
    return [from_row(StoredReview, row) for row in rows]


def page_of_all(
    connection: Connection, status: str | None, after: Sequence[object] | None, limit: int
) -> list[StoredReview]:
    """The reviews of all products, or those of which `status` became, the newest first, after the id of one."""
    statement = _REVIEWS if status is None else _REVIEWS.where(Review.status == status)
    if after is not None:
        statement = statement.where(Review.id < after[0])
    rows = connection.execute(statement.order_by(Review.id.desc()).limit(limit))
    return [from_row(StoredReview, row) for row in rows]


def count_review(tx: Connection, product_id: int, rating: int, change: int) -> None:
    """Count one published review more or less, with so many stars."""
    counted = insert_for(tx)(ReviewCount).values(product_id=product_id, rating=rating, count=change)
    if change > 0:
        added = {"count": ReviewCount.count + change}
        tx.execute(counted.on_conflict_do_update(index_elements=["product_id", "rating"], set_=added))
    else:
        mine = (ReviewCount.product_id == product_id, ReviewCount.rating == rating)
        tx.execute(update(ReviewCount).where(*mine).values(count=ReviewCount.count + change))


def summary(connection: Connection, product_id: int) -> RatingSummary:
    """The numbers of what was published about a product."""
    counted = select(ReviewCount.rating, ReviewCount.count.label("reviews"))
    rows = connection.execute(counted.where(ReviewCount.product_id == product_id))
    counts = {row.rating: row.reviews for row in rows}
    return RatingSummary([counts.get(stars, 0) for stars in range(1, MAX_STARS + 1)])
