"""What may go with a context, and what every source says of it."""

from __future__ import annotations

from dataclasses import dataclass

from ml.data.arrays import Floats, Rows
from ml.models.neighbours import Contributions
from ml.ranking.context import Context
from ml.ranking.neighbour_sums import NeighbourSums


@dataclass(frozen=True, eq=False)
class Candidates:
    """Products that go with a context, in no order, and what was learned while they were found."""

    context: Context
    rows: Rows
    importance: Floats
    """How much each product of the history says."""
    sums: NeighbourSums
    vector: Floats | None
    """The user's factors, None when nothing is known that they speak about."""
    by_words: Contributions
    """What is like the products with which nothing goes."""


@dataclass(frozen=True, eq=False)
class Features:
    """Candidates and what every source says of them: parallel arrays, in no order."""

    context: Context
    rows: Rows
    matrix: Floats
    """Candidates by `weights.FEATURES`."""
    sums: NeighbourSums
    by_words: Contributions
    """What is like the products on the page, then of the history, with which nothing goes, in weighted scores."""
