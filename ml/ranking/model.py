"""The serving model: answers for users and products from one verified artifact, and never changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.artifacts.artifact import load
from ml.artifacts.schema import Contents
from ml.data.arrays import Doubles, Floats, Ids, Rows
from ml.models.content import Embedder, ProductText
from ml.models.discovery import PROPOSED, Discovery
from ml.models.neighbours import Neighbours
from ml.models.reorder import Chances, Reorder, Reordered
from ml.models.reorder_features import Purchases, past_of
from ml.models.sales import Sales
from ml.models.trending import Ranking
from ml.ranking.catalogue import Catalogue
from ml.ranking.eligibility import Eligible, Without
from ml.ranking.ranker import Asked, Proposed, Taste, Tastes
from ml.ranking.recent_sales import Lately
from ml.ranking.selection import Recommendation, Rung, Selection, Shares, Source
from ml.ranking.similarity import Likeness
from ml.ranking.sources import (
    POPULAR_SPAN,
    SIMILAR_SPAN,
    TRENDED_SPAN,
    TRENDING_SPAN,
    WHOLE_SPAN,
    Listed,
    Similar,
    Span,
)
from ml.ranking.user_factors import Personal
from ml.ranking.weights import BlendWeights

SIMILAR_SEEDS = 3
SIMILAR_FURTHEST = 1024
"""How far the ladder's similar rung looks: the rungs below it hold the whole catalogue anyway."""

NEWCOMERS_SHARE = 0.1
"""The part of a list that is kept for newcomers like the user's latest products, which nobody bought yet."""

PROMISING = 0.5
"""Likeness in words from which a newcomer is promising."""


class Model:
    """Recommendations from one artifact. Safe for any number of threads; a newer model replaces it whole."""

    def __init__(
        self,
        version: str,
        contents: Contents,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, Any],
        *,
        newcomers: Mapping[int, tuple[ProductText, int | None]] | None = None,
        trained: Model | None = None,
    ) -> None:
        """Build the indexes from contents that passed `schema.check` and the manifest's parameters.

        `newcomers` come with the `trained` model of the same contents, whose indexes are shared.
        """
        arrays, texts = contents.arrays, contents.texts
        newcomers = newcomers or {}
        self.version = version
        """The artifact's name."""
        self.metrics = metrics
        """What held-out baskets said about the training recipe."""
        self.parameters = parameters
        self.weights = BlendWeights(**parameters["blend"])
        self._contents = contents
        self._catalogue = Catalogue(
            contents, {each: (text.name, category_id) for each, (text, category_id) in newcomers.items()}
        )
        if trained is None:
            self._embedder = Embedder(
                texts["content_vocabulary"], arrays["content_idf"], arrays["content_projection"]
            )
            self._likeness = Likeness(arrays["content_vectors"], arrays["als_item_factors"])
            self._sales = Sales(arrays)
        else:
            self._embedder, self._sales = trained._embedder, trained._sales
            words = self._embedder.embed([text for text, _ in newcomers.values()])
            self._likeness = trained._likeness.extended(words)
        self._tastes = Tastes(
            arrays,
            Personal(
                arrays,
                alpha=parameters["als"]["alpha"],
                regularization=parameters["als"]["regularization"],
                newcomers=len(newcomers),
            ),
            Lately(self._sales, self._catalogue.trained, len(self._catalogue)),
            self._likeness,
            len(newcomers),
        )
        self._curve: tuple[Floats, Floats] = (arrays["calibration_scores"], arrays["calibration_chances"])
        self._shares = Shares(
            self.weights.category_share if self._catalogue.varied(self._catalogue.category_list) else 1.0,
            self.weights.brand_share if self._catalogue.varied(self._catalogue.brand_list) else 1.0,
        )
        self._neighbours = Neighbours(
            *(arrays[f"copurchase_{name}"] for name in ("indptr", "indices", "weights"))
        )
        self._trending = self._ranking(arrays["trending_scores"])
        self._popular = self._ranking(arrays["popular_scores"])
        self._reorder = Reorder(texts["reorder_trees"], self._sales, arrays["product_ids"])
        self._discovery = Discovery(arrays, self._sales)

    @classmethod
    def load(cls, path: Path, key: bytes) -> Model:
        """Verify the artifact at `path` and build the model it holds.

        Raises DamagedArtifact when it is anything but what was written under `key`.
        """
        artifact = load(path, key)
        return cls(artifact.name, artifact.contents, artifact.manifest.parameters, artifact.manifest.metrics)

    def extended(self, newcomers: Mapping[int, tuple[ProductText, int | None]]) -> Model:
        """The same model, which also holds products created after training: their words and category ids by id.

        They are found by likeness in both directions, and recommended for it. To be called on a trained model,
        with all newcomers; those that it knows are left out.
        """
        new = {each: given for each, given in newcomers.items() if not self.knows(each)}
        if not new:
            return self
        return Model(self.version, self._contents, self.parameters, self.metrics, newcomers=new, trained=self)

    def __len__(self) -> int:
        return len(self._catalogue)

    @property
    def product_ids(self) -> Ids:
        """The ids of the products by row, newcomers last. Not to be changed."""
        return self._catalogue.ids

    def knows(self, product_id: int) -> bool:
        """Whether the product was on sale at training, or is a newcomer that the model was extended by."""
        return self._catalogue.row(product_id) is not None

    def recommend(
        self,
        user_id: int,
        *,
        history: Sequence[int] = (),
        bought: Collection[int] | None = None,
        context: Sequence[int] = (),
        eligible: Eligible,
        limit: int,
        now: float | None = None,
    ) -> list[Recommendation]:
        """Recommend products to a user, best first, without duplicates.

        `history` are the products the user bought or looked at, latest first, training or not; `bought` tells
        which of these they bought (None: all). `context` are those on the page or in the cart, which are never
        recommended themselves. `eligible` decides about everything else (bought, out of stock, deleted). `user_id`
        0 is an anonymous visitor. `now` is in seconds since 1970; without it, it is the end of what training saw.
        """
        if limit <= 0:
            return []
        asked = self.asked(user_id, history, bought, context, now)
        seeds = np.concatenate([asked.here, asked.past])[:SIMILAR_SEEDS]
        rungs: list[Rung] = []
        proposed = self.propose(asked, eligible)
        if proposed is not None:
            rungs.append(self._taste(proposed))
        if len(seeds):
            rungs.append(
                Similar(
                    self._likeness.index,
                    lambda: self._seeded(seeds),
                    furthest=SIMILAR_FURTHEST,
                    span=SIMILAR_SPAN,
                )
            )
        rungs += [self._trending_list(None, TRENDING_SPAN), self._popular_list(None, POPULAR_SPAN)]
        selection = self._selection(eligible, limit)
        selection.exclude(asked.here.tolist())
        found = selection.fill(rungs, self._shares)
        return self._with_newcomers(found, asked, eligible, limit)

    def asked(
        self,
        user_id: int,
        history: Sequence[int],
        bought: Collection[int] | None,
        context: Sequence[int],
        now: float | None,
    ) -> Asked:
        """The same in rows of the catalogue; what it does not know is left out."""
        here = self._catalogue.rows(context)
        standing = set(here.tolist())
        past = [row for row in self._catalogue.rows(history).tolist() if row not in standing]
        ids = self._catalogue.id_list
        own = np.array([bought is None or ids[row] in bought for row in past], dtype=np.bool_)
        moment = self._sales.end if now is None else now
        return Asked(user_id, np.array(past, dtype=np.int64), own, here, moment)

    def propose(
        self, asked: Asked, eligible: Eligible, weights: BlendWeights | None = None
    ) -> Proposed | None:
        """The candidates of the blend with what every source says of them; None when nothing is known.

        Few of them are not `eligible`: those that are there by their words.
        """
        ids = self._catalogue.ids
        return self._tastes.propose(asked, weights or self.weights, lambda rows: eligible.among(ids[rows]))

    def sharing(self, category_share: float) -> Model:
        """The same model with lists that are more or less spread over categories."""
        other = copy(self)
        if self._catalogue.varied(self._catalogue.category_list):
            other._shares = self._shares._replace(category=category_share)
        return other

    def source_alone(self, source: str, user_id: int, history: Sequence[int], count: int) -> list[int]:
        """What one source alone would recommend: `source` is als, copurchase, content or trending."""
        asked = self.asked(user_id, history, None, (), None)
        if source == "trending":
            scores = self._trending.scores.copy()
        else:
            scores = self._tastes.alone(source, asked, self.weights)
        scores[asked.past] = 0
        best = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
        best = best[np.argsort(-scores[best], kind="stable")]
        found: list[int] = self._catalogue.ids[best[scores[best] > 0]].tolist()
        return found

    def recommend_with_repeats(
        self,
        user_id: int,
        purchases: Purchases,
        now: float,
        *,
        history: Sequence[int] = (),
        bought: Collection[int] | None = None,
        context: Sequence[int] = (),
        eligible: Eligible,
        limit: int,
    ) -> list[Recommendation]:
        """Recommend what the user's next order may hold, bought before or not, by its probability.

        `purchases` are the user's, in any order, and `now` is in seconds since 1970; the rest is as for
        `recommend`.
        """
        fresh = self.proposals(
            user_id,
            purchases,
            history=history,
            bought=bought,
            context=context,
            eligible=eligible,
            limit=limit,
            now=now,
        )
        chances = self._reorder.chances(purchases, now)
        if chances is None or limit <= 0:
            return fresh[: max(limit, 0)]
        repeats = [
            Recommendation(again.product_id, again.probability, again.reason, Source.REORDER)
            for again in self._again(chances, Without(frozenset(context), eligible), limit)
        ]
        merged = [*repeats, *self._weighed(fresh, chances, repeats[-1].score if repeats else 1.0)]
        return sorted(merged, key=lambda item: -item.score)[:limit]

    def proposals(
        self,
        user_id: int,
        purchases: Purchases,
        *,
        history: Sequence[int] = (),
        bought: Collection[int] | None = None,
        context: Sequence[int] = (),
        eligible: Eligible,
        limit: int,
        now: float | None = None,
    ) -> list[Recommendation]:
        """The products new to the user that stand to be weighed against those they may buy again."""
        return self.recommend(
            user_id,
            history=history,
            bought=bought,
            context=context,
            eligible=Without(frozenset(purchases.product_ids.tolist()), eligible),
            limit=max(limit, PROPOSED),
            now=now,
        )

    def weighing(self, fresh: Sequence[Recommendation], purchases: Purchases, now: float) -> Doubles:
        """What is known of each proposal, by `discovery.FEATURES`, for learning their probability from."""
        known = self._contents.arrays["product_ids"]
        past = past_of(purchases, now, known, self._sales) if len(purchases.product_ids) else None
        return self._discovery.matrix(*self._scored(fresh), past, now)

    def reorder(self, purchases: Purchases, now: float, *, eligible: Eligible, limit: int) -> list[Reordered]:
        """What the user is likely to buy again, the likeliest first; `now` is in seconds since 1970.

        Empty for a user who bought nothing that is still on sale.
        """
        chances = self._reorder.chances(purchases, now)
        return [] if chances is None else self._again(chances, eligible, limit)

    def _again(self, chances: Chances, eligible: Eligible, limit: int) -> list[Reordered]:
        allowed = np.flatnonzero(eligible.among(self._catalogue.ids[chances.rows]))[: max(limit, 0)]
        return [chances.reordered(place) for place in allowed.tolist()]

    def _weighed(
        self, fresh: Sequence[Recommendation], chances: Chances, ceiling: float
    ) -> list[Recommendation]:
        """New products with their probability as score; below the `ceiling` where that cannot be told."""
        if not self._discovery or not fresh:
            return [replace(item, score=item.score * ceiling) for item in fresh]
        weighed = self._discovery.probabilities(*self._scored(fresh), chances.past, chances.now)
        return [
            replace(item, score=round(score, 6)) for item, score in zip(fresh, weighed.tolist(), strict=True)
        ]

    def _scored(self, items: Sequence[Recommendation]) -> tuple[Rows, Floats]:
        """The rows and scores of items; newcomers, of which no sales are known, have the row -1."""
        rows = self._catalogue.rows(item.product_id for item in items)
        scores = np.array([item.score for item in items], dtype=np.float32)
        return np.where(rows < self._catalogue.trained, rows, -1), scores

    def similar(self, product_id: int, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products like this one in words and buyers; empty when the model does not know the product."""
        row = self._catalogue.row(product_id)
        if row is None or limit <= 0:
            return []
        selection = self._selection(eligible, limit)
        selection.exclude([row])
        return selection.fill([Similar(self._likeness.index, lambda: self._seeded(np.array([row])))])

    def similar_to_text(self, text: ProductText, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products like one that the model does not know, by words; empty when no word is known."""
        vector = self.embed(text)
        if limit <= 0 or not vector.any():
            return []
        query = self._likeness.asking_words(vector)
        rung = Similar(self._likeness.index, lambda: [(query, f"Similar to {text.name}")])
        return self._selection(eligible, limit).fill([rung])

    def embed(self, text: ProductText) -> Floats:
        """The unit vector of a product's words; zeros when none is known."""
        vector: Floats = self._embedder.embed([text])[0]
        return vector

    def bought_together(self, product_id: int, *, eligible: Eligible, limit: int) -> list[Recommendation]:
        """Products found in its baskets more than their popularity explains; empty when there are none."""
        row = self._catalogue.row(product_id)
        if row is None or row >= self._catalogue.trained or limit <= 0:
            return []
        rows, weights = self._neighbours.of(row)
        scores = np.zeros(len(self), dtype=np.float32)
        if len(weights):
            scores[rows] = weights / weights[0]
        reason = f"Often bought together with {self._catalogue.names[row]}"
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

    def _taste(self, proposed: Proposed) -> Taste:
        return Taste(
            proposed, self._tastes, self.weights, self._curve, self._catalogue.ids, self._catalogue.names
        )

    def _with_newcomers(
        self, found: list[Recommendation], asked: Asked, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """Give the last places to promising newcomers: a product that nobody sees is never bought."""
        newcomers, places = self._likeness.newcomers, int(NEWCOMERS_SHARE * limit)
        seeds = asked.past[:SIMILAR_SEEDS]
        if newcomers is None or not places or not len(seeds):
            return found
        listed = {item.product_id for item in found}
        content, names = self._likeness.content, self._catalogue.names
        queries = [
            (self._likeness.asking_words(content[row]), f"New, and similar to {names[row]}")
            for row in seeds.tolist()
        ]
        selection = self._selection(Without(listed, eligible), places)
        selection.exclude(asked.here.tolist() + asked.past.tolist())
        rung = Similar(newcomers, lambda: queries, furthest=SIMILAR_FURTHEST)
        new = [item for item in selection.fill([rung]) if item.score >= PROMISING]
        kept = found[: limit - len(new)]
        lowest = kept[-1].score if kept else 1.0
        return [*kept, *(replace(item, score=round(item.score * lowest, 6)) for item in new)]

    def _seeded(self, rows: Rows) -> list[tuple[Floats, str]]:
        names = self._catalogue.names
        return [(self._likeness.of(row), f"Similar to {names[row]}") for row in rows.tolist()]

    def _ranking(self, scores: Floats) -> Ranking:
        """Newcomers have not sold: they stand last, the newest first."""
        unsold = np.zeros(len(self._catalogue) - len(scores), dtype=np.float32)
        return Ranking(np.append(scores, unsold), self._catalogue.categories, self._catalogue.ids)

    def _trending_list(self, category_ids: Collection[int] | None, span: Span) -> Listed:
        rows = self._trending.sold(self._ordered(self._trending, category_ids))
        return Listed(rows, self._trending.scores, Source.TRENDING, self._said_of("Trending"), span)

    def _popular_list(self, category_ids: Collection[int] | None, span: Span) -> Listed:
        rows = self._ordered(self._popular, category_ids)
        return Listed(rows, self._popular.scores, Source.POPULAR, self._said_of("Popular"), span)

    def _said_of(self, what: str) -> Callable[[int], str]:
        categories, names = self._catalogue.category_list, self._catalogue.category_names

        def reason(row: int) -> str:
            category = categories[row]
            return f"{what} in {names[category]}" if category >= 0 else f"{what} in this shop"

        return reason

    def _ordered(self, ranking: Ranking, category_ids: Collection[int] | None) -> Rows:
        if category_ids is None:
            return ranking.order
        rows = self._catalogue.category_rows(sorted(category_ids))
        return ranking.within(rows[rows >= 0].tolist())

    def _selection(self, eligible: Eligible, limit: int) -> Selection:
        catalogue = self._catalogue
        return Selection(catalogue.ids, catalogue.category_list, catalogue.brand_list, eligible, limit)
