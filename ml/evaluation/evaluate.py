"""Measures recommendations on purchases held out from training, beside each source alone and plain popularity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.arrays import Doubles
from ml.data.dataset import GUEST, Interactions
from ml.data.split import HISTORY_LIMIT, Case
from ml.evaluation.measures import K, novelty_at_k, recall_at_k, summary
from ml.ranking.eligibility import Without
from ml.ranking.model import Model
from ml.ranking.selection import Recommendation

USERS_LIMIT = 5_000
SOURCES_LIMIT = 300
"""Users for whom every source is asked alone: that ranks the whole catalogue."""

MIN_LATER = 50
"""Baskets younger than the model in use that it takes to compare it on those alone."""


Measures = Mapping[str, float]
"""Figures of ranked lists by name, such as `recall@20`; empty where there was nobody to measure on."""


@dataclass(frozen=True)
class ServingEvaluation:
    """The model in use, measured on the same cases as a candidate."""

    version: str
    users: int
    unseen: bool
    """Whether the cases are younger than the model in use."""
    standard_error: float
    """Of the difference in recall."""
    candidate: Measures
    serving: Measures

    def to_json(self) -> dict[str, object]:
        """What a manifest says of it: the measures of the model in use beside its version.

        The standard error is that of the difference: it takes the place of the model's own.
        """
        return {
            **self.serving,
            "version": self.version,
            "users": self.users,
            "unseen": self.unseen,
            "standard_error": self.standard_error,
            "candidate": self.candidate,
        }


@dataclass(frozen=True)
class Evaluation:
    """What held-out baskets say about a model."""

    k: int
    users: int
    blend: Measures
    popularity: Measures
    sources: Mapping[str, Measures]
    """Of each source alone."""
    serving: ServingEvaluation | None = None
    reorder: Measures | None = None

    def to_json(self) -> dict[str, object]:
        """What a manifest says of it; what was not measured is left out."""
        fields: dict[str, object] = {
            "k": self.k,
            "users": self.users,
            "blend": self.blend,
            "popularity": self.popularity,
            "sources": self.sources,
        }
        if self.serving is not None:
            fields["serving"] = self.serving.to_json()
        if self.reorder is not None:
            fields["reorder"] = self.reorder
        return fields


def recommended(model: Model, case: Case, k: int = K) -> list[int]:
    """What the server would recommend to the user of a case."""
    return _ids(
        model.recommend(
            case.user_id,
            history=case.history[:HISTORY_LIMIT],
            eligible=Without(frozenset(case.history)),
            limit=k,
            now=case.now,
        )
    )


def evaluate(model: Model, cases: Sequence[Case], sold: Interactions, *, k: int = K) -> Evaluation:
    """Rank products for the users of the cases as the server would, and compare with what they bought.

    `model` was trained on `sold`, which holds none of the baskets.
    """
    popular = [
        _ids(model.bestsellers.popular(eligible=Without(frozenset(case.history)), limit=k)) for case in cases
    ]
    few = cases[:: max(1, len(cases) // SOURCES_LIMIT)]
    metrics = _Metrics(model, sold, k)
    return Evaluation(
        k=k,
        users=len(cases),
        blend=metrics.of([recommended(model, case, k) for case in cases], cases),
        popularity=metrics.of(popular, cases),
        sources={
            name: metrics.of([source_alone(model, name, case, limit=k) for case in few], few)
            for name in ("als", "copurchase", "content", "trending")
        },
    )


def compare(
    candidate: Model, serving: Model, cases: Sequence[Case], *, sold: Interactions, since: float
) -> ServingEvaluation:
    """Measure the model in use and a candidate on the same cases.

    `since` is when it was trained, in seconds since 1970. Where enough of the baskets are younger, only those
    count: the older ones the model in use has learned by heart.
    """
    later = [case for case in cases if case.now is not None and case.now >= since]
    subset = later if len(later) >= MIN_LATER else cases
    lists = [recommended(serving, case) for case in subset]
    own = [recommended(candidate, case) for case in subset]
    difference = _recalls(own, subset) - _recalls(lists, subset)
    error = float(difference.std(ddof=1) / np.sqrt(len(subset))) if len(subset) > 1 else 0.0
    return ServingEvaluation(
        version=serving.version,
        users=len(subset),
        unseen=subset is later,
        standard_error=round(error, 6),
        candidate=_Metrics(candidate, sold, K).of(own, subset),
        serving=_Metrics(serving, sold, K).of(lists, subset),
    )


class _Metrics:
    def __init__(self, model: Model, sold: Interactions, k: int) -> None:
        own = sold.where(sold.user_ids != GUEST)
        pairs = np.unique(np.column_stack([own.product_ids, own.user_ids]), axis=0)
        products, counts = np.unique(pairs[:, 0], return_counts=True)
        self._buyers: Mapping[int, int] = dict(zip(products.tolist(), counts.tolist(), strict=True))
        self._users = len(np.unique(own.user_ids))
        self._size = len(model)
        self._k = k

    def of(self, lists: Sequence[Sequence[int]], cases: Sequence[Case]) -> dict[str, float]:
        """All measures of one list per case; none without a case, for 0 would be a figure."""
        if not cases:
            return {}
        recalls = _recalls(lists, cases, self._k)
        error = float(recalls.std(ddof=1) / np.sqrt(len(cases))) if len(cases) > 1 else 0.0
        novelty = novelty_at_k(lists, self._buyers, users=self._users, k=self._k)
        return {
            **summary(lists, [case.relevant for case in cases], catalogue_size=self._size, k=self._k),
            f"novelty@{self._k}": round(novelty, 4),
            "standard_error": round(error, 6),
        }


def _recalls(lists: Sequence[Sequence[int]], cases: Sequence[Case], k: int = K) -> Doubles:
    return np.array(
        [recall_at_k(ranked, case.relevant, k) for ranked, case in zip(lists, cases, strict=True)]
    )


def _ids(recommendations: Sequence[Recommendation]) -> list[int]:
    return [recommendation.product_id for recommendation in recommendations]


def source_alone(model: Model, source: str, case: Case, *, limit: int) -> list[int]:
    """What one source alone would recommend: `source` is als, copurchase, content or trending."""
    context = model.context(case.user_id, history=case.history)
    if source == "trending":
        scores = model.bestsellers.trending_scores.copy()
    else:
        scores = model.ranker.alone(source, context, model.weights)
    scores[context.past] = 0
    best = np.argpartition(-scores, min(limit, len(scores) - 1))[:limit]
    best = best[np.argsort(-scores[best], kind="stable")]
    product_ids: list[int] = model.product_ids[best[scores[best] > 0]].tolist()
    return product_ids
