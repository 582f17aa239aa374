"""Fills a list from a ladder of rungs, best rung first, with a fair share for each category."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np

from ml.arrays import Floats, Rows

FIRST_LOOK = 256
"""About how many products are ranked at once; the rest only when all of these were refused."""

SAMPLE_STRIDE = 16

DEFERRED_LIMIT = 200
"""Products of full categories that a rung may pass over before the next rung is asked for others."""


class Source(StrEnum):
    """The rung that proposed a product."""

    PERSONAL = "personal"
    SIMILAR = "similar"
    TRENDING = "trending"
    POPULAR = "popular"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One product of a list.

    `score`, in [0, 1], orders this list and falls from rung to rung; it is no probability. `reason` is a
    sentence for the customer.
    """

    product_id: int
    score: float
    reason: str
    source: Source


class Candidate(NamedTuple):
    """A row of the catalogue and how strongly its rung proposes it, in [0, 1]."""

    row: int
    strength: float


class Rung(Protocol):
    """One way to propose products."""

    @property
    def floor(self) -> float:
        """The score of its weakest product; the next better rung starts where this one's ceiling is."""

    @property
    def ceiling(self) -> float:
        """The score of its strongest product."""

    def candidates(self) -> Iterator[Candidate]:
        """Propose rows, strongest first; a row may also be another rung's."""

    def explain(self, row: int) -> tuple[Source, str]:
        """Say why a proposed row was proposed."""


class _Pick(NamedTuple):
    rung: Rung
    row: int
    score: float


class Selection:
    """Fills one list; asks whether a product is eligible only when its turn has come, and never twice."""

    def __init__(
        self,
        product_ids: Sequence[int],
        categories: Sequence[int],
        eligible: Callable[[int], bool],
        limit: int,
    ) -> None:
        self._product_ids = product_ids
        self._categories = categories
        self._eligible = eligible
        self._limit = limit
        self._seen: set[int] = set()
        self._taken: list[_Pick] = []
        self._deferred: list[_Pick] = []
        self._in_category: Counter[int] = Counter()

    def exclude(self, rows: Sequence[int]) -> None:
        """Keep these rows out of the list."""
        self._seen.update(rows)

    def fill(self, rungs: Sequence[Rung], category_share: float = 1.0) -> list[Recommendation]:
        """Take from the rungs until the list is full or they are exhausted.

        No category gets more than `category_share` of the list (but always two places) while products of
        other categories can be had.
        """
        cap = self._limit if category_share >= 1 else max(2, math.ceil(category_share * self._limit))
        streams = [(rung, rung.candidates()) for rung in rungs]
        for rung, stream in streams:
            self._take_diverse(rung, stream, cap)
        for pick in self._deferred:
            self._take(pick)
        for rung, stream in streams:
            self._take_any(rung, stream)
        self._taken.sort(key=lambda pick: -pick.score)
        return [self._recommendation(pick) for pick in self._taken]

    def _take_diverse(self, rung: Rung, stream: Iterator[Candidate], cap: int) -> None:
        patience = DEFERRED_LIMIT
        while len(self._taken) < self._limit and patience > 0:
            candidate = next(stream, None)
            if candidate is None:
                return
            if candidate.row in self._seen:
                continue
            self._seen.add(candidate.row)
            category = self._categories[candidate.row]
            if category >= 0 and self._in_category[category] >= cap:
                self._deferred.append(_scored(rung, candidate))
                patience -= 1
            elif self._take(_scored(rung, candidate)):
                self._in_category[category] += 1

    def _take_any(self, rung: Rung, stream: Iterator[Candidate]) -> None:
        while len(self._taken) < self._limit:
            candidate = next(stream, None)
            if candidate is None:
                return
            if candidate.row not in self._seen:
                self._seen.add(candidate.row)
                self._take(_scored(rung, candidate))

    def _take(self, pick: _Pick) -> bool:
        if len(self._taken) >= self._limit or not self._eligible(self._product_ids[pick.row]):
            return False
        self._taken.append(pick)
        return True

    def _recommendation(self, pick: _Pick) -> Recommendation:
        source, reason = pick.rung.explain(pick.row)
        return Recommendation(self._product_ids[pick.row], round(pick.score, 6), reason, source)


def _scored(rung: Rung, candidate: Candidate) -> _Pick:
    return _Pick(
        rung, candidate.row, rung.floor + (rung.ceiling - rung.floor) * min(1.0, max(0.0, candidate.strength))
    )


def descending(scores: Floats) -> Iterator[tuple[int, float]]:
    """Yield the rows with a positive score, best first, ranking hardly more of them than are asked for."""
    threshold = np.float32(max(0.0, _about_nth(scores, FIRST_LOOK)))
    above = scores > threshold
    yield from _ranked(scores, np.flatnonzero(above))
    yield from _ranked(scores, np.flatnonzero((scores > 0) & ~above))


def _about_nth(scores: Floats, count: int) -> float:
    """Guess the score of the count-th best from a sample: a fifth of the cost of partitioning all."""
    if len(scores) <= count * SAMPLE_STRIDE:
        return 0.0
    sample = scores[::SAMPLE_STRIDE]
    place = len(sample) - count // SAMPLE_STRIDE
    return float(np.partition(sample, place)[place])


def _ranked(scores: Floats, rows: Rows) -> Iterator[tuple[int, float]]:
    values = scores[rows]
    order = np.argsort(-values, kind="stable")
    return zip(rows[order].tolist(), values[order].tolist(), strict=True)
