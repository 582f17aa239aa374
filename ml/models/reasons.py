"""Why a product is in a list: a code with its facts. Whoever shows it to people makes a sentence of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ReasonCode(StrEnum):
    """Why a product is in a list: the codes of the contract."""

    TRENDING = "TRENDING"
    POPULAR = "POPULAR"
    SHARED_TASTE = "SHARED_TASTE"
    SIMILAR = "SIMILAR"
    NEW_AND_SIMILAR = "NEW_AND_SIMILAR"
    BOUGHT_TOGETHER = "BOUGHT_TOGETHER"
    BOUGHT_RELATED = "BOUGHT_RELATED"
    VIEWED_RELATED = "VIEWED_RELATED"
    BOUGHT_BEFORE = "BOUGHT_BEFORE"


class Reason(NamedTuple):
    """A code and its facts; what it is not about is 0 or empty.

    `product_id` is the product that the user bought, looked at, or has before them, `category` the name of the one
    it sells well in. The numbers are those of BOUGHT_BEFORE: how many orders held it, how many days there are
    between two of them, and since the last.
    """

    code: ReasonCode
    product_id: int = 0
    product_name: str = ""
    category: str = ""
    order_count: int = 0
    interval_days: int = 0
    days_since_order: int = 0
