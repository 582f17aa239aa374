"""Gives promising newcomers a few places of a list: a product that nobody sees is never bought."""

from __future__ import annotations

from collections.abc import Sequence

from ml.models.reasons import ReasonCode
from ml.ranking.catalogue import Catalogue
from ml.ranking.context import Context
from ml.ranking.eligibility import Eligible, Without
from ml.ranking.related import SIMILAR_FURTHEST
from ml.ranking.selection import Recommendation, Selection
from ml.ranking.similarity import Similarity
from ml.ranking.sources import Similar

NEWCOMERS_SHARE = 0.1
"""The part of a list that is kept for newcomers like the user's latest products, which nobody bought yet."""

PROMISING = 0.5
"""Similarity in words from which a newcomer is promising."""

SEEDS = 3
"""The user's latest products, which newcomers must be like."""


class Exploration:
    """The newcomers of a model, by their similarity in words."""

    def __init__(self, catalogue: Catalogue, similarity: Similarity) -> None:
        self._catalogue = catalogue
        self._similarity = similarity

    def add(
        self, selected: list[Recommendation], context: Context, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """The list, its last places given to promising newcomers."""
        newcomers, slots = self._similarity.newcomers, int(NEWCOMERS_SHARE * limit)
        seeds = context.past[:SEEDS]
        if newcomers is None or not slots or not len(seeds):
            return selected
        content = self._similarity.content
        queries = [
            (
                self._similarity.content_query(content[row]),
                self._catalogue.reason(ReasonCode.NEW_AND_SIMILAR, row),
            )
            for row in seeds.tolist()
        ]
        unlisted = Without({item.product_id for item in selected}, eligible)
        selection = Selection.of(self._catalogue, unlisted, slots)
        selection.exclude(context.here.tolist() + context.past.tolist())
        rung = Similar(newcomers, lambda: queries, furthest=SIMILAR_FURTHEST)
        new = [item for item in selection.fill([rung]) if item.score >= PROMISING]
        return _appended(selected[: limit - len(new)], new)


def _appended(selected: Sequence[Recommendation], new: Sequence[Recommendation]) -> list[Recommendation]:
    lowest = selected[-1].score if selected else 1.0
    return [*selected, *(item._replace(score=round(item.score * lowest, 6)) for item in new)]
