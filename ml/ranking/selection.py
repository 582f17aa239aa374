"""Fills a list from a ladder of rungs, best rung first, with a fair share for each category and brand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, Protocol

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Ids
from ml.models.reasons import Reason
from ml.ranking.catalogue import Catalogue
from ml.ranking.eligibility import Eligible

DEFERRED_LIMIT = 200
"""Products of full categories that a rung may pass over before the next rung is asked for others."""


class Source(StrEnum):
    """The rung that proposed a product."""

    PERSONAL = "personal"
    SIMILAR = "similar"
    TRENDING = "trending"
    POPULAR = "popular"
    REORDER = "reorder"


class Recommendation(NamedTuple):
    """One product of a list.

    `score`, in [0, 1], never rises along a list. Where the blend proposes, it is about the probability that the
    user's next order holds the product; the rungs below it only keep their order.
    """

    product_id: int
    score: float
    reason: Reason
    source: Source


class Batch(NamedTuple):
    """Rows of the catalogue and how strongly their rung proposes them, in [0, 1], strongest first."""

    rows: Array
    strengths: Floats


class Rung(Protocol):
    """One way to propose products."""

    @property
    def floor(self) -> float:
        """The score of its weakest product; the next better rung starts where this one's ceiling is."""

    @property
    def ceiling(self) -> float:
        """The score of its strongest product."""

    def batches(self, count: int) -> Iterator[Batch]:
        """Propose rows, strongest first; a row may also be another rung's. About `count` are needed.

        Each batch is several times as large as the one before, so that even a whole catalogue is few of them.
        """

    def explain(self, rows: Sequence[int]) -> list[tuple[Source, Reason]]:
        """Say why these of the proposed rows were proposed."""


class Shares(NamedTuple):
    """The largest share of a list that one category, and one brand, may take while there are others."""

    category: float = 1.0
    brand: float = 1.0


class _Pick(NamedTuple):
    rung: int
    row: int
    strength: float


class Selection:
    """Fills one list; no product is asked about twice, and many are asked about at once."""

    def __init__(
        self,
        product_ids: Ids,
        categories: Sequence[int],
        brands: Sequence[int],
        eligible: Eligible,
        limit: int,
    ) -> None:
        """`categories` and `brands` are numbers per row, negative for none."""
        self._product_ids = product_ids
        self._groups = (categories, brands)
        self._counts: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._eligible = eligible
        self._limit = limit
        # A byte per product is cheaper than a set as soon as a rung runs through the catalogue.
        self._seen = np.zeros(len(product_ids), dtype=np.bool_)
        self._taken: list[_Pick] = []
        self._deferred: list[_Pick] = []

    @classmethod
    def of(cls, catalogue: Catalogue, eligible: Eligible, limit: int) -> Selection:
        """A list of the products of a catalogue."""
        return cls(catalogue.ids, catalogue.category_list, catalogue.brand_list, eligible, limit)

    def exclude(self, rows: Sequence[int]) -> None:
        """Keep these rows out of the list."""
        self._seen[np.asarray(rows, dtype=np.int64)] = True

    def fill(self, rungs: Sequence[Rung], shares: Shares | None = None) -> list[Recommendation]:
        """Take from the rungs until the list is full or they are exhausted.

        No category and no brand gets more than its share of the list (but always two places) while others can be
        had.
        """
        caps = [self._cap(share) for share in shares or Shares()]
        streams = [self._picks(number, rung) for number, rung in enumerate(rungs)]
        if min(caps) < self._limit:
            for stream in streams:
                self._take_diverse(stream, caps)
        self._taken += self._deferred[: self._limit - len(self._taken)]
        for stream in streams:
            self._take_any(stream)
        self._taken.sort(key=lambda pick: (pick.rung, -pick.strength))
        return self._recommendations(rungs)

    def _cap(self, share: float) -> int:
        return self._limit if share >= 1 else max(2, math.ceil(share * self._limit))

    def _picks(self, number: int, rung: Rung) -> Iterator[_Pick]:
        """What a rung proposes, was not proposed before, and is eligible."""
        for rows, strengths in rung.batches(self._limit):
            unseen = ~self._seen[rows]
            new, values = rows[unseen], strengths[unseen]
            if not len(new):
                continue
            self._seen[new] = True
            allowed = self._eligible.among(self._product_ids[new])
            for row, value in zip(new[allowed].tolist(), values[allowed].tolist(), strict=True):
                yield _Pick(number, row, value)

    def _take_diverse(self, stream: Iterator[_Pick], caps: Sequence[int]) -> None:
        patience = DEFERRED_LIMIT
        while len(self._taken) < self._limit and patience > 0:
            pick = next(stream, None)
            if pick is None:
                return
            if self._fits(pick.row, caps):
                self._taken.append(pick)
            else:
                self._deferred.append(pick)
                patience -= 1

    def _fits(self, row: int, caps: Sequence[int]) -> bool:
        """Whether the row's category and brand have a place left, which it then takes."""
        (categories, brands), (in_category, of_brand) = self._groups, self._counts
        category, brand = categories[row], brands[row]
        listed, same = in_category.get(category, 0), of_brand.get(brand, 0)
        if (category >= 0 and listed >= caps[0]) or (brand >= 0 and same >= caps[1]):
            return False
        in_category[category], of_brand[brand] = listed + 1, same + 1
        return True

    def _take_any(self, stream: Iterator[_Pick]) -> None:
        while len(self._taken) < self._limit:
            pick = next(stream, None)
            if pick is None:
                return
            self._taken.append(pick)

    def _recommendations(self, rungs: Sequence[Rung]) -> list[Recommendation]:
        items: list[Recommendation] = []
        lowest = 1.0
        for number, picks in groupby(self._taken, key=lambda pick: pick.rung):
            rung, rows, strengths = rungs[number], *_columns(picks)
            # The chances that were observed may all be small: then the rungs below move down together.
            height = min(1.0, lowest / rung.ceiling) if items else 1.0
            # NumPy's clip takes five times as long for a few.
            within = np.minimum(np.maximum(strengths, 0), 1)
            scores = height * (rung.floor + (rung.ceiling - rung.floor) * within)
            ids = self._product_ids[rows].tolist()
            for product_id, score, (source, reason) in zip(
                ids, scores.round(6).tolist(), rung.explain(rows), strict=True
            ):
                items.append(Recommendation(product_id, score, reason, source))
            lowest = items[-1].score
        return items


def _columns(picks: Iterable[_Pick]) -> tuple[list[int], Doubles]:
    _, rows, strengths = zip(*picks, strict=True)
    return list(rows), np.array(strengths)
