"""The serving model: answers for users and products from one verified artifact, and never changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.arrays import Floats, Rows, normalised, rows_of
from ml.artifact import load
from ml.blend import Recommendation, Rung, Selection, Source
from ml.content import Embedder, ProductText
from ml.copurchase import Neighbours
from ml.index import VectorIndex
from ml.personal import Personal
from ml.rungs import (
    POPULAR_SPAN,
    SIMILAR_SPAN,
    TRENDED_SPAN,
    TRENDING_SPAN,
    WHOLE_SPAN,
    Listed,
    Similar,
    Span,
    Taste,
    Together,
)
from ml.schema import Contents
from ml.trending import Ranking

Eligible = Callable[[int], bool]

CONTENT_SHARE = 0.6
"""Weight of words in likeness; the rest is behaviour. What nobody bought yet is found by words alone."""

SIMILAR_SEEDS = 3
SIMILAR_FURTHEST = 1024
"""How far the ladder's similar rung looks: the rungs below it hold the whole catalogue anyway."""


@dataclass(frozen=True)
class BlendWeights:
    """How sources are weighed; kept in the artifact, so that what is measured is what serves."""

    taste: float = 1.0
    together: float = 0.7
    context: float = 3.0
    """Importance of a product on the page or in the cart, against 1 for the latest one of the history."""
    recency: float = 0.95
    """Importance of each product of the history against the one touched after it."""
    seeds: int = 50
    """How much of the history is looked at for co-purchases."""
    category_share: float = 0.4
    """Largest share of a list that one category may take while there are others."""


class Model:
    """Recommendations from one artifact. Safe for any number of threads; a newer model replaces it whole."""

    def __init__(
        self, version: str, contents: Contents, parameters: Mapping[str, Any], metrics: Mapping[str, Any]
    ) -> None:
        """Build the indexes from contents that passed `schema.check` and the manifest's parameters."""
        arrays, texts = dict(contents.arrays), contents.texts
        self.version = version
        """The artifact's name."""
        self.metrics = metrics
        """What held-out baskets said about the training recipe."""
        self.parameters = parameters
        self._ids = arrays["product_ids"]
        # As lists where single elements are read: numpy makes an object of each.
        self._product_ids: list[int] = arrays["product_ids"].tolist()
        self._categories: list[int] = arrays["product_categories"].tolist()
        self._category_ids = arrays["category_ids"]
        self._names = texts["product_names"]
        self._category_names = texts["category_names"]
        self._weights = BlendWeights(**parameters["blend"])
        self._diverse = len(self._category_ids) > 1
        self._personal = Personal(
            arrays, alpha=parameters["als"]["alpha"], regularization=parameters["als"]["regularization"]
        )
        self._neighbours = Neighbours(
            arrays["copurchase_indptr"], arrays["copurchase_indices"], arrays["copurchase_weights"]
        )
        self._embedder = Embedder(
            texts["content_vocabulary"], arrays["content_idf"], arrays["content_projection"]
        )
        self._vectors = _likeness(arrays["content_vectors"], arrays["als_item_factors"])
        self._content_width = arrays["content_vectors"].shape[1]
        self._index = VectorIndex.build(np.arange(len(self._ids)), self._vectors)
        self._trending = Ranking(arrays["trending_scores"], arrays["product_categories"], self._ids)
        self._popular = Ranking(arrays["popular_scores"], arrays["product_categories"], self._ids)

    @classmethod
    def load(cls, path: Path, key: bytes) -> Model:
        """Verify the artifact at `path` and build the model it holds.

        Raises DamagedArtifact when it is anything but what was written under `key`.
        """
        artifact = load(path, key)
        return cls(artifact.name, artifact.contents, artifact.manifest.parameters, artifact.manifest.metrics)

    def __len__(self) -> int:
        return len(self._ids)

    def knows(self, product_id: int) -> bool:
        """Whether the product was on sale at training."""
        return self._row(product_id) is not None

    def recommend(
        self,
        user_id: int,
        *,
        history: Sequence[int] = (),
        context: Sequence[int] = (),
        eligible: Eligible,
        limit: int,
    ) -> list[Recommendation]:
        """Recommend products to a user, best first, without duplicates.

        `history` are the products the user bought or looked at, latest first, training or not; `context`
        those on the page or in the cart, which are never recommended themselves. `eligible` decides about
        everything else (bought, out of stock, deleted) and is asked for one product at a time until the list
        is full or the catalogue exhausted. `user_id` 0 is an anonymous visitor.
        """
        if limit <= 0:
            return []
        past, here = self._rows(history), self._rows(context)
        rungs: list[Rung] = []
        taste = self._taste(user_id, past, here)
        if taste is not None:
            rungs.append(taste)
        seeds = np.concatenate([here, past])[:SIMILAR_SEEDS]
        if len(seeds):
            rungs.append(
                Similar(self._index, self._seeded(seeds), furthest=SIMILAR_FURTHEST, span=SIMILAR_SPAN)
            )
        rungs += [self._trending_list(None, TRENDING_SPAN), self._popular_list(None, POPULAR_SPAN)]
        selection = self._selection(eligible, limit)
        selection.exclude(here.tolist())
        return selection.fill(rungs, self._weights.category_share if self._diverse else 1.0)

    def similar(self, product_id: int, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products like this one in words and buyers; empty when training did not know the product."""
        row = self._row(product_id)
        if row is None or limit <= 0:
            return []
        selection = self._selection(eligible, limit)
        selection.exclude([row])
        return selection.fill([Similar(self._index, self._seeded(np.array([row])))])

    def similar_to_text(self, text: ProductText, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products like one that training did not know, by words; empty when no word is known."""
        vector = self.embed(text)
        if limit <= 0 or not vector.any():
            return []
        query = np.zeros(self._vectors.shape[1], dtype=np.float32)
        # Undoes the weight of words in the index, so that the score is the cosine of the words.
        query[: self._content_width] = vector / np.sqrt(CONTENT_SHARE)
        rung = Similar(self._index, [(query, f"Similar to {text.name}")])
        return self._selection(eligible, limit).fill([rung])

    def embed(self, text: ProductText) -> Floats:
        """The unit vector of a product's words; zeros when none is known."""
        vector: Floats = self._embedder.embed([text])[0]
        return vector

    def bought_together(self, product_id: int, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products found in its baskets more than their popularity explains; empty when there are none."""
        row = self._row(product_id)
        if row is None or limit <= 0:
            return []
        rows, weights = self._neighbours.of(row)
        scores = np.zeros(len(self._ids), dtype=np.float32)
        if len(weights):
            scores[rows] = weights / weights[0]
        reason = f"Often bought together with {self._names[row]}"
        rung = Listed(rows, scores, Source.SIMILAR, lambda _: reason, WHOLE_SPAN)
        return self._selection(eligible, limit).fill([rung])

    def trending(
        self, *, category_ids: Collection[int] | None = None, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """What sells now, in the whole shop or in these categories, then what sold best of all time."""
        if limit <= 0:
            return []
        trending = self._trending_list(category_ids, TRENDED_SPAN)
        return self._selection(eligible, limit).fill(
            [trending, self._popular_list(category_ids, POPULAR_SPAN)]
        )

    def popular(
        self, *, category_ids: Collection[int] | None = None, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """What sold best of all time, in the whole shop or in these categories; unsold products come last."""
        if limit <= 0:
            return []
        return self._selection(eligible, limit).fill([self._popular_list(category_ids, WHOLE_SPAN)])

    def _taste(self, user_id: int, past: Rows, here: Rows) -> Taste | None:
        vector = self._personal.vector(user_id, past)
        together = self._together(past, here)
        source = Source.PERSONAL
        if vector is not None:
            scores = self._personal.scores(vector, self._weights.taste)
        elif together is not None:
            scores = np.zeros(len(self._ids), dtype=np.float32)
            source = Source.SIMILAR
        else:
            return None
        if together is not None:
            together.add_to(scores)
        return Taste(scores, together, self._names, source)

    def _together(self, past: Rows, here: Rows) -> Together | None:
        weights = self._weights
        recent = past[: weights.seeds]
        seeds = np.concatenate([here, recent])
        if not len(seeds):
            return None
        importance = np.empty(len(seeds), dtype=np.float32)
        importance[: len(here)] = weights.context
        importance[len(here) :] = weights.recency ** np.arange(len(recent))
        found = self._neighbours.of_many(seeds, importance)
        return Together(seeds, found, weights.together, len(self._ids)) if len(found[0]) else None

    def _seeded(self, rows: Rows) -> list[tuple[Floats, str]]:
        return [(self._vectors[row], f"Similar to {self._names[row]}") for row in rows.tolist()]

    def _trending_list(self, category_ids: Collection[int] | None, span: Span) -> Listed:
        rows = self._trending.sold(self._ordered(self._trending, category_ids))
        return Listed(rows, self._trending.scores, Source.TRENDING, self._said_of("Trending"), span)

    def _popular_list(self, category_ids: Collection[int] | None, span: Span) -> Listed:
        rows = self._ordered(self._popular, category_ids)
        return Listed(rows, self._popular.scores, Source.POPULAR, self._said_of("Popular"), span)

    def _said_of(self, what: str) -> Callable[[int], str]:
        def reason(row: int) -> str:
            category = self._categories[row]
            return f"{what} in {self._category_names[category]}" if category >= 0 else f"{what} in this shop"

        return reason

    def _ordered(self, ranking: Ranking, category_ids: Collection[int] | None) -> Rows:
        if category_ids is None:
            return ranking.order
        categories = rows_of(self._category_ids, np.array(sorted(category_ids), dtype=np.int64))
        return ranking.within(categories[categories >= 0].tolist())

    def _selection(self, eligible: Eligible, limit: int) -> Selection:
        return Selection(self._product_ids, self._categories, eligible, limit)

    def _row(self, product_id: int) -> int | None:
        row = int(rows_of(self._ids, np.array([product_id], dtype=np.int64))[0])
        return None if row < 0 else row

    def _rows(self, product_ids: Sequence[int]) -> Rows:
        """The rows of the known ones, in order, each once."""
        rows = rows_of(self._ids, np.array(list(dict.fromkeys(product_ids)), dtype=np.int64))
        return rows[rows >= 0]


def _likeness(content: Floats, behaviour: Floats) -> Floats:
    """One vector per product whose inner product is the weighted mean of both cosines.

    A missing half stays zero and is not made up for by stretching the other: no evidence is not likeness.
    """
    return np.hstack(
        [
            normalised(content) * np.float32(CONTENT_SHARE**0.5),
            normalised(behaviour) * np.float32((1 - CONTENT_SHARE) ** 0.5),
        ]
    )
