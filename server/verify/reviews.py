"""The rules of reviews: what is published is counted, and products and lists say so."""

from __future__ import annotations

from typing import Final

from server.verify.rule import Rule

REVIEWS: Final = (
    Rule(
        "review-counts",
        "product {product_id}: {published} published reviews have {rating} stars, but {counted} are counted",
        """
        SELECT product_id, rating, SUM(published) AS published, SUM(counted) AS counted
        FROM (
            SELECT product_id, rating, 1 AS published, 0 AS counted FROM reviews WHERE status = 'PUBLISHED'
            UNION ALL
            SELECT product_id, rating, 0, count FROM review_counts
        ) AS every
        GROUP BY product_id, rating
        HAVING SUM(published) <> SUM(counted)
        ORDER BY product_id, rating
        """,
    ),
    Rule(
        "review-rating",
        "product {product_id}: says {rating} of {reviews_count} reviews, but {counted} sum up to {stars} stars",
        """
        SELECT products.id AS product_id, products.rating, products.reviews_count, numbers.counted, numbers.stars
        FROM products JOIN (
            SELECT product_id, SUM(count) AS counted, SUM(count * rating) AS stars
            FROM review_counts GROUP BY product_id
        ) AS numbers ON numbers.product_id = products.id
        WHERE products.reviews_count <> numbers.counted
           OR ABS(products.rating * numbers.counted - numbers.stars) > 0.006 * numbers.counted
        ORDER BY products.id
        """,
    ),
    Rule(
        "listing-rating",
        "product {product_id}: the list {list_key} says {listed}, but its rating is {rating}",
        """
        SELECT products.id AS product_id, product_listings.list_key, product_listings.rating AS listed,
               products.rating
        FROM product_listings JOIN products ON products.id = product_listings.product_id
        WHERE product_listings.rating <> products.rating
        ORDER BY products.id, product_listings.list_key
        """,
    ),
)
