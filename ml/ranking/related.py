"""Products that go with one product: alike in words and buyers, or bought together with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.data.arrays import Array, Floats, Ids, Rows
from ml.models.content import Embedder, ProductText
from ml.models.neighbours import Neighbours
from ml.models.packed_index import Nearest
from ml.models.reasons import Reason, ReasonCode
from ml.ranking.catalogue import Catalogue
from ml.ranking.eligibility import Eligible
from ml.ranking.selection import Recommendation, Selection, Source
from ml.ranking.similarity import Similarity
from ml.ranking.sources import SIMILAR_SPAN, WHOLE_SPAN, Listed, Similar

SIMILAR_FURTHEST = 1024
"""How far the ladder's similar rung looks: the rungs below it hold the whole catalogue anyway."""


class RelatedProducts:
    """Item-to-item recommendations."""

    def __init__(
        self, arrays: Mapping[str, Array], catalogue: Catalogue, similarity: Similarity, embedder: Embedder
    ) -> None:
        self._catalogue = catalogue
        self._similarity = similarity
        self._embedder = embedder
        self._neighbours = Neighbours(
            *(arrays[f"copurchase_{name}"] for name in ("indptr", "indices", "weights"))
        )

    def similar(self, product_id: int, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products like this one in words and buyers; empty when the model does not know the product."""
        row = self._catalogue.row(product_id)
        if row is None or limit <= 0:
            return []
        selection = Selection.of(self._catalogue, eligible, limit)
        selection.exclude([row])
        return selection.fill([Similar(self._similarity.index, lambda: self._seeds(np.array([row])))])

    def similar_to_text(
        self, text: ProductText, *, product_id: int = 0, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """Products like one that the model does not know, by words; empty when no word is known."""
        vector = self.embed(text)
        if limit <= 0 or not vector.any():
            return []
        query = self._similarity.content_query(vector)
        reason = Reason(ReasonCode.SIMILAR, product_id, text.name)
        rung = Similar(self._similarity.index, lambda: [(query, reason)])
        return Selection.of(self._catalogue, eligible, limit).fill([rung])

    def bought_together(self, product_id: int, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products found in its baskets more than their popularity explains; empty when there are none."""
        row = self._catalogue.row(product_id)
        if row is None or row >= self._catalogue.trained or limit <= 0:
            return []
        rows, weights = self._neighbours.of(row)
        scores = np.zeros(len(self._catalogue), dtype=np.float32)
        if len(weights):
            scores[rows] = weights / weights[0]
        reason = self._catalogue.reason(ReasonCode.BOUGHT_TOGETHER, row)
        rung = Listed(rows, scores, Source.SIMILAR, lambda _: reason, WHOLE_SPAN)
        return Selection.of(self._catalogue, eligible, limit).fill([rung])

    def by_words(self, text: ProductText, product_ids: Ids, limit: int) -> tuple[Floats, Nearest] | None:
        """The cosines of these products to a text in words (NaN of unknown ones), and the products nearest to it.

        None when no word is known.
        """
        vector = self.embed(text)
        if not vector.any():
            return None
        rows, nearest = self._similarity.index.search(self._similarity.content_query(vector), limit)
        cosines = np.full(len(product_ids), np.nan, dtype=np.float32)
        for i, product_id in enumerate(product_ids.tolist()):
            row = self._catalogue.row(product_id)
            if row is not None:
                cosines[i] = self._similarity.content[row] @ vector
        return cosines, Nearest(self._catalogue.ids[rows], nearest)

    def embed(self, text: ProductText) -> Floats:
        """The unit vector of a product's words; zeros when none is known."""
        vector: Floats = self._embedder.embed([text])[0]
        return vector

    def similar_rung(self, seeds: Rows) -> Similar:
        """What is like these products, as a rung of the ladder."""
        return Similar(
            self._similarity.index, lambda: self._seeds(seeds), furthest=SIMILAR_FURTHEST, span=SIMILAR_SPAN
        )

    def _seeds(self, rows: Rows) -> list[tuple[Floats, Reason]]:
        return [
            (self._similarity.of(row), self._catalogue.reason(ReasonCode.SIMILAR, row))
            for row in rows.tolist()
        ]
