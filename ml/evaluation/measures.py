"""The measures of ranked lists against what was bought."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from ml.data.arrays import Doubles

K = 20


def recall_at_k(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """The share of `relevant` found among the first k; 0 when nothing is relevant."""
    return float(_hits(ranked, relevant, k).sum()) / len(relevant) if relevant else 0.0


def ndcg_at_k(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Binary gain, discounted by log2 of the place plus one, against the best possible first k."""
    if not relevant:
        return 0.0
    discounts = 1 / np.log2(np.arange(2, k + 2))
    hits = _hits(ranked, relevant, k)
    return float((hits * discounts[: len(hits)]).sum() / discounts[: min(k, len(relevant))].sum())


def average_precision_at_k(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """The mean of the precision at each hit among the first k, over the most hits possible there."""
    if not relevant:
        return 0.0
    hits = _hits(ranked, relevant, k)
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precisions * hits).sum()) / min(k, len(relevant))


def coverage_at_k(lists: Sequence[Sequence[int]], catalogue_size: int, k: int) -> float:
    """The share of the catalogue that appears in anybody's first k."""
    shown = {item for ranked in lists for item in ranked[:k]}
    return len(shown) / catalogue_size if catalogue_size else 0.0


def novelty_at_k(lists: Sequence[Sequence[int]], buyers: Mapping[int, int], *, users: int, k: int) -> float:
    """The mean self-information, in bits, of what was recommended: how surprising it is that somebody has it.

    `buyers` counts those of `users` who bought each product; one whom nobody bought counts as half a buyer.
    Castells, Hurley and Vargas, "Novelty and Diversity in Recommender Systems", 2015.
    """
    shown = [max(buyers.get(item, 0), 0.5) for ranked in lists for item in ranked[:k]]
    return float(-np.log2(np.array(shown) / max(users, 1)).mean()) if shown else 0.0


MEASURES: Mapping[str, Callable[[Sequence[int], Collection[int], int], float]] = {
    "recall": recall_at_k,
    "ndcg": ndcg_at_k,
    "map": average_precision_at_k,
}


def summary(
    lists: Sequence[Sequence[int]], relevant: Sequence[Collection[int]], *, catalogue_size: int, k: int
) -> dict[str, float]:
    """Recall, NDCG and MAP as means over users, and coverage, rounded to four digits; nothing of nobody."""
    result: dict[str, float] = {}
    if not lists:
        return result
    for name, measure in MEASURES.items():
        values = [measure(ranked, items, k) for ranked, items in zip(lists, relevant, strict=True)]
        result[f"{name}@{k}"] = round(float(np.mean(values)), 4)
    result[f"coverage@{k}"] = round(coverage_at_k(lists, catalogue_size, k), 4)
    return result


def _hits(ranked: Sequence[int], relevant: Collection[int], k: int) -> Doubles:
    items = relevant if isinstance(relevant, set | frozenset) else set(relevant)
    return np.array([item in items for item in ranked[:k]], dtype=np.float64)
