"""What sells: the lists of what trended at training, and of what sold best of all time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from ml.data.arrays import Array, Floats, Rows
from ml.models.reasons import Reason, ReasonCode
from ml.models.trending import Ranking
from ml.ranking.catalogue import Catalogue
from ml.ranking.eligibility import Eligible
from ml.ranking.selection import Recommendation, Selection, Source
from ml.ranking.sources import POPULAR_SPAN, TRENDED_SPAN, WHOLE_SPAN, Listed, Span


class Bestsellers:
    """Products in the order of their sales. Newcomers have not sold: they stand last, the newest first."""

    def __init__(self, arrays: Mapping[str, Array], catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._trending = self._ranking(arrays["trending_scores"])
        self._popular = self._ranking(arrays["popular_scores"])

    @property
    def trending_scores(self) -> Floats:
        """How much each product trended, by row. Not to be changed."""
        return self._trending.scores

    def trending(
        self, *, category_ids: Collection[int] | None = None, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """What sells now, in the whole shop or in these categories, then what sold best of all time."""
        if limit <= 0:
            return []
        rungs = [
            self.trending_rung(TRENDED_SPAN, category_ids),
            self.popular_rung(POPULAR_SPAN, category_ids),
        ]
        return Selection.of(self._catalogue, eligible, limit).fill(rungs)

    def popular(
        self, *, category_ids: Collection[int] | None = None, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """What sold best of all time, in the whole shop or in these categories; unsold products come last."""
        if limit <= 0:
            return []
        rung = self.popular_rung(WHOLE_SPAN, category_ids)
        return Selection.of(self._catalogue, eligible, limit).fill([rung])

    def trending_rung(self, span: Span, category_ids: Collection[int] | None = None) -> Listed:
        """What sells now, as a rung of the ladder."""
        rows = self._trending.sold(self._ordered(self._trending, category_ids))
        return Listed(rows, self._trending.scores, Source.TRENDING, self._reasons(ReasonCode.TRENDING), span)

    def popular_rung(self, span: Span, category_ids: Collection[int] | None = None) -> Listed:
        """What sold best of all time, as a rung of the ladder."""
        rows = self._ordered(self._popular, category_ids)
        return Listed(rows, self._popular.scores, Source.POPULAR, self._reasons(ReasonCode.POPULAR), span)

    def _ranking(self, scores: Floats) -> Ranking:
        unsold = np.zeros(len(self._catalogue) - len(scores), dtype=np.float32)
        return Ranking(np.append(scores, unsold), self._catalogue.categories, self._catalogue.ids)

    def _reasons(self, code: ReasonCode) -> Callable[[int], Reason]:
        categories, names = self._catalogue.category_list, self._catalogue.category_names

        def reason(row: int) -> Reason:
            category = categories[row]
            return Reason(code, category=names[category] if category >= 0 else "")

        return reason

    def _ordered(self, ranking: Ranking, category_ids: Collection[int] | None) -> Rows:
        if category_ids is None:
            return ranking.order
        rows = self._catalogue.category_rows(sorted(category_ids))
        return ranking.within(rows[rows >= 0].tolist())
