"""Completions, and the entries that they are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import log1p
from typing import Final, NamedTuple


class CompletionKind(IntEnum):
    """What a completion is."""

    PRODUCT = 1
    CATEGORY = 2
    BRAND = 3
    QUERY = 4


@dataclass(frozen=True, slots=True)
class Completion:
    """Something to go on with: its text, and the id of the product or category that it names, else 0."""

    text: str
    kind: CompletionKind
    id: int = 0


class CompletionEntry(NamedTuple):
    """A completion before anything is typed, with its rank among all: the greater, the sooner it is suggested."""

    text: str
    kind: CompletionKind
    id: int
    rank: float


class Uses(NamedTuple):
    """A text with the number of its uses: units sold, or people who searched for it."""

    text: str
    id: int
    uses: int


_FLOOR: Final = {
    CompletionKind.PRODUCT: 0.40,
    CompletionKind.CATEGORY: 0.65,
    CompletionKind.BRAND: 0.65,
    CompletionKind.QUERY: 0.60,
}
_SPAN: Final = 0.35
"""Kinds count their uses in different units: each has a range of ranks, in which uses decide."""


def ranked(kind: CompletionKind, texts: Sequence[Uses], most: int | None = None) -> Iterable[CompletionEntry]:
    """The entries of one kind, ranked by their uses against the most of any (`most`: of another source too)."""
    top = log1p(max(most or 0, max((each.uses for each in texts), default=0), 1))
    for text, id_, uses in texts:
        yield CompletionEntry(text, kind, id_, _FLOOR[kind] + _SPAN * min(log1p(max(uses, 0)) / top, 1.0))
