"""The serving model: answers for users and products from one verified artifact, and never changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ml.artifacts.artifact import load
from ml.artifacts.parameters import ModelParameters
from ml.artifacts.schema import Contents
from ml.data.arrays import Floats, Ids
from ml.models.blend_weights import BlendWeights
from ml.models.content import Embedder, ProductText
from ml.models.reorder_features import Purchases
from ml.models.sales import Sales
from ml.ranking.bestsellers import Bestsellers
from ml.ranking.candidates import Candidates, Features
from ml.ranking.catalogue import Catalogue
from ml.ranking.context import Context
from ml.ranking.eligibility import Eligible
from ml.ranking.exploration import Exploration
from ml.ranking.ranked import RankedCandidates
from ml.ranking.ranker import Ranker
from ml.ranking.recent_sales import RecentSales
from ml.ranking.related import RelatedProducts
from ml.ranking.repeats import Repeats, fresh_limit, unbought
from ml.ranking.selection import Recommendation, Rung, Selection, Shares
from ml.ranking.similarity import Similarity
from ml.ranking.sources import POPULAR_SPAN, TRENDING_SPAN
from ml.ranking.user_factors import UserFactors

SIMILAR_SEEDS = 3
"""The products of a context whose like fill a list that their own neighbours leave short."""


class _Indexes(NamedTuple):
    """What a trained model and its extensions share."""

    embedder: Embedder
    similarity: Similarity
    sales: Sales

    @classmethod
    def of(cls, contents: Contents) -> _Indexes:
        arrays, texts = contents.arrays, contents.texts
        embedder = Embedder(texts["content_vocabulary"], arrays["content_idf"], arrays["content_projection"])
        return cls(embedder, Similarity(arrays["content_vectors"], arrays["als_item_factors"]), Sales(arrays))

    def extended(self, texts: Sequence[ProductText]) -> _Indexes:
        return self._replace(similarity=self.similarity.extended(self.embedder.embed(texts)))


class Model:
    """Recommendations from one artifact. Safe for any number of threads; a newer model replaces it whole.

    `recommend` is the pipeline of a list: context → candidates → features → rank → select. Servers take the same
    steps one by one, with their own beginning and end.
    """

    def __init__(
        self,
        version: str,
        contents: Contents,
        parameters: ModelParameters,
        *,
        newcomers: Mapping[int, tuple[ProductText, int | None]] | None = None,
        trained: Model | None = None,
    ) -> None:
        """Build the indexes from contents that passed `schema.check` and the manifest's parameters.

        `newcomers` come with the `trained` model of the same contents, whose indexes are shared.
        """
        newcomers = newcomers or {}
        self.version = version
        """The artifact's name."""
        self.weights = parameters.blend
        self._parameters = parameters
        self._contents = contents
        self._catalogue = catalogue = Catalogue(
            contents, {each: (text.name, category_id) for each, (text, category_id) in newcomers.items()}
        )
        if trained is None:
            self._indexes = _Indexes.of(contents)
        else:
            self._indexes = trained._indexes.extended([text for text, _ in newcomers.values()])
        embedder, similarity, sales = self._indexes
        arrays = contents.arrays
        user_factors = UserFactors(
            arrays,
            alpha=parameters.als.alpha,
            regularization=parameters.als.regularization,
            newcomers=len(newcomers),
        )
        recent_sales = RecentSales(sales, catalogue.trained, len(catalogue))
        self.ranker = Ranker(arrays, user_factors, recent_sales, similarity, len(newcomers))
        self._curve: tuple[Floats, Floats] = (arrays["calibration_scores"], arrays["calibration_chances"])
        self._shares = _shares(catalogue, self.weights)
        self._exploration = Exploration(catalogue, similarity)
        self.bestsellers = Bestsellers(arrays, catalogue)
        self.related = RelatedProducts(arrays, catalogue, similarity, embedder)
        self.repeats = Repeats(contents, catalogue, sales)

    @classmethod
    def load(cls, path: Path, key: bytes) -> Model:
        """Verify the artifact at `path` and build the model it holds.

        Raises DamagedArtifact when it is anything but what was written under `key`.
        """
        artifact = load(path, key)
        return cls(artifact.name, artifact.contents, artifact.manifest.parameters)

    def extended(self, newcomers: Mapping[int, tuple[ProductText, int | None]]) -> Model:
        """The same model, which also holds products created after training: their words and category ids by id.

        They are found by similarity in both directions, and recommended for it. To be called on a trained model,
        with all newcomers; those that it knows are left out.
        """
        new = {each: words for each, words in newcomers.items() if not self.knows(each)}
        if not new:
            return self
        return Model(self.version, self._contents, self._parameters, newcomers=new, trained=self)

    def with_category_share(self, share: float) -> Model:
        """The same model with lists that are more or less spread over categories."""
        other = copy(self)
        if self._catalogue.varied(self._catalogue.category_list):
            other._shares = self._shares._replace(category=share)
        return other

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
        """Recommend products to a user, best first, without duplicates; the arguments are those of `context`.

        `eligible` decides about everything that is not on the page (bought, out of stock, deleted).
        """
        query = self.context(user_id, history=history, bought=bought, context=context, now=now)
        candidates = self.candidates(query, eligible)
        features = self.features(candidates)
        ranked = self.rank(features)
        return self.select(ranked, query, eligible, limit)

    def context(
        self,
        user_id: int,
        *,
        history: Sequence[int] = (),
        bought: Collection[int] | None = None,
        context: Sequence[int] = (),
        now: float | None = None,
    ) -> Context:
        """What a list is made for, in rows of the catalogue; what it does not know is left out.

        `history` are the products the user bought or looked at, latest first, training or not; `bought` tells
        which of these they bought (None: all). `context` are those on the page or in the cart, which are never
        recommended themselves. `user_id` 0 is an anonymous visitor. `now` is in seconds since 1970; without it,
        it is the end of what training saw.
        """
        here = self._catalogue.rows(context)
        past = self._catalogue.rows(history)
        if len(here):
            past = past[~np.isin(past, here)]
        own = np.ones(len(past), dtype=np.bool_)
        if bought is not None:
            own[:] = [product_id in bought for product_id in self._catalogue.ids[past].tolist()]
        moment = self._indexes.sales.end if now is None else now
        return Context(user_id, past, own, here, moment)

    def candidates(
        self, context: Context, eligible: Eligible, weights: BlendWeights | None = None
    ) -> Candidates | None:
        """What may go with the context; None when nothing is known.

        Few of them are not `eligible`: those that are there by their words.
        """
        ids = self._catalogue.ids
        return self.ranker.candidates(
            context, weights or self.weights, lambda rows: eligible.among(ids[rows])
        )

    def features(self, candidates: Candidates | None, weights: BlendWeights | None = None) -> Features | None:
        """What every source says of the candidates."""
        return None if candidates is None else self.ranker.features(candidates, weights or self.weights)

    def rank(self, features: Features | None) -> RankedCandidates | None:
        """The candidates by descending score, each with its reason."""
        if features is None:
            return None
        return RankedCandidates(
            features, self.ranker, self._catalogue, weights=self.weights, curve=self._curve
        )

    def select(
        self, ranked: RankedCandidates | None, context: Context, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        """The best of the ranked that are eligible, spread over categories and brands.

        What is missing comes from the rungs of the ladder below: like the context, trending, popular.
        """
        if limit <= 0:
            return []
        seeds = np.concatenate([context.here, context.past])[:SIMILAR_SEEDS]
        rungs: list[Rung] = [] if ranked is None else [ranked]
        if len(seeds):
            rungs.append(self.related.similar_rung(seeds))
        rungs += [self.bestsellers.trending_rung(TRENDING_SPAN), self.bestsellers.popular_rung(POPULAR_SPAN)]
        selection = Selection.of(self._catalogue, eligible, limit)
        selection.exclude(context.here.tolist())
        return self._exploration.add(selection.fill(rungs, self._shares), context, eligible, limit)

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
        fresh = self.recommend(
            user_id,
            history=history,
            bought=bought,
            context=context,
            eligible=unbought(purchases, eligible),
            limit=fresh_limit(limit),
            now=now,
        )
        return self.repeats.next_basket(
            fresh, purchases, now, context=context, eligible=eligible, limit=limit
        )


def _shares(catalogue: Catalogue, weights: BlendWeights) -> Shares:
    return Shares(
        weights.category_share if catalogue.varied(catalogue.category_list) else 1.0,
        weights.brand_share if catalogue.varied(catalogue.brand_list) else 1.0,
    )
