"""The query of a list: for whom, where it is shown, how many products, and of what kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


class Placement(Enum):
    """Where a list is shown."""

    HOMEPAGE = "homepage"
    PRODUCT = "product"
    CART = "cart"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a list is for: a user (0: nobody who is signed in), a visitor ("": none is named), both, or anyone."""

    user_id: int = 0
    visitor_id: str = ""


ANYONE = Audience()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a caller wants to see at all. Prices are in minor units of the shop's currency; None wants anything."""

    category_ids: frozenset[int] | None = None
    min_price: int | None = None
    max_price: int | None = None


UNFILTERED = Filters()


@dataclass(frozen=True, slots=True)
class Query:
    """A query for recommendations; equal ones get equal lists while nothing changes.

    `product_id` is that of the page, for the placement PRODUCT. `category` is a slug or name, "" means all.
    """

    audience: Audience
    limit: int = DEFAULT_LIMIT
    placement: Placement = Placement.HOMEPAGE
    product_id: int = 0
    include_repeat: bool = False
    category: str = ""
    prices: Filters = UNFILTERED


def size(limit: int) -> int:
    """How many products a list holds at most: 0 means the default, too many are coerced."""
    return min(limit, MAX_LIMIT) if limit > 0 else DEFAULT_LIMIT
