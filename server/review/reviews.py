"""A review as the rules see it, and the numbers of those of a product."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from server.etags import etag_of

MAX_STARS: Final = 5
_WITHOUT_BLANKS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
"""Kana, Han and Hangul, in which the last name comes first, and no blank behind it."""


class Status(StrEnum):
    """What becomes of a review."""

    PENDING = "PENDING"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class StoredReview:
    """A review, with its author's name."""

    id: int
    product_id: int
    user_id: int
    rating: int
    title: str
    text: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    full_name: str

    @property
    def is_published(self) -> bool:
        """Whether everybody sees it, and it counts."""
        return self.status == Status.PUBLISHED

    @property
    def etag(self) -> str:
        """The etag that a change expects."""
        return etag_of(self.version)

    @property
    def author(self) -> str:
        """The author as others see them: the first name and the initial of the last, but no e-mail address.

        Of a name without blanks in a script that has none between names, as of 王小明, that is the first sign.
        """
        first, *others = [word for word in self.full_name.split() if "@" not in word] or [""]
        if not others and len(first) > 1 and _WITHOUT_BLANKS.match(first):
            return f"{first[0]}."
        return f"{first} {others[-1][0]}." if others else first


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """The numbers of published reviews, from those with one star to those with five."""

    stars: Sequence[int]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.stars)

    @property
    def rating(self) -> float:
        """The mean of the stars to two decimals; 0 without reviews."""
        total = sum(stars * count for stars, count in enumerate(self.stars, start=1))
        return round(total / self.count, 2) if self.count else 0.0
