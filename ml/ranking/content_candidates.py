"""Lets products with which nothing goes yet speak by their words, so that a look at one is answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.data.arrays import Floats, Rows
from ml.models.neighbours import NOTHING, Contributions
from ml.ranking.similarity import Similarity

LATEST = 3
"""Of the page and the history: what users do now, and expect to see answered."""

PER_SEED = 10
"""Candidates of each of these."""

MIN_SIMILARITY = 0.3
"""Similarity in words below which products have little to do with each other."""

TARGET_RANK = 5
"""Where in a list the most similar come: early enough to be seen, but not before what surely fits."""


def proposed(
    similarity: Similarity, latest: Sequence[int], speaking: Sequence[int], recency: float
) -> Contributions:
    """What is similar to those of the `latest` products whose positions are `speaking`.

    The most similar weighs 1, less by `recency` for each product touched after the one it is like.
    """
    parts = [NOTHING]
    for position in speaking:
        words = similarity.content[latest[position]]
        if not words.any():
            continue
        rows, cosines = similarity.index.search(similarity.content_query(words), PER_SEED + LATEST)
        best = np.flatnonzero((cosines >= MIN_SIMILARITY) & ~np.isin(rows, latest))[:PER_SEED]
        if len(best):
            shares = cosines[best] / cosines[best[0]] * np.float32(recency**position)
            parts.append(Contributions(rows[best], shares, np.full(len(best), position)))
    return Contributions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def lifts(totals: Floats, rows: Rows, history: Rows, similar: Contributions) -> Floats:
    """What to add to the totals of what is similar, by its entries: the most similar then stands at `TARGET_RANK`.

    `rows` are those of `totals`, ascending; the rank is counted without the `history`'s, which are hardly ever
    listed. Whole totals are compared, because what nobody bought has no other source to speak for it.
    """
    best = np.sort(totals[~np.isin(rows, history)])[-TARGET_RANK:]
    level = best[0] if len(best) else np.float32(0)
    added: Floats = similar.weights * np.maximum(level - totals[np.searchsorted(rows, similar.rows)], 0)
    return added
