"""Lets products with which nothing goes yet speak by their words, so that a look at one is answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.data.arrays import Floats, Rows
from ml.models.neighbours import NOTHING, Found
from ml.ranking.similarity import Likeness

LATEST = 3
"""Of the page and the history: what users do now, and expect to see answered."""

ALIKE = 10
"""Products that each of these proposes."""

ALIKE_FROM = 0.3
"""Likeness in words below which products have little to do with each other."""

ALIKE_PLACE = 5
"""Where in the list the most alike come: early enough to be seen, but not before what surely fits."""


def proposed(likeness: Likeness, latest: Sequence[int], speaking: Sequence[int], recency: float) -> Found:
    """What is like those of the `latest` products whose positions are `speaking`.

    The most alike weighs 1, less by `recency` for each product touched after the one it is like.
    """
    parts = [NOTHING]
    for place in speaking:
        words = likeness.content[latest[place]]
        if not words.any():
            continue
        rows, cosines = likeness.index.search(likeness.asking_words(words), ALIKE + LATEST)
        kept = np.flatnonzero((cosines >= ALIKE_FROM) & ~np.isin(rows, latest))[:ALIKE]
        if len(kept):
            shares = cosines[kept] / cosines[kept[0]] * np.float32(recency**place)
            parts.append(Found(rows[kept], shares, np.full(len(kept), place)))
    return Found(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def lifts(totals: Floats, rows: Rows, known: Rows, alike: Found) -> Floats:
    """What to add to the totals of what is alike, by its entries, so that the most alike stands at `ALIKE_PLACE`.

    `rows` are those of `totals`, ascending; the place is counted without the `known` ones, which are hardly ever
    listed. Whole totals are compared, because what nobody bought has no other source to speak for it.
    """
    best = np.sort(totals[~np.isin(rows, known)])[-ALIKE_PLACE:]
    level = best[0] if len(best) else np.float32(0)
    found: Floats = alike.weights * np.maximum(level - totals[np.searchsorted(rows, alike.rows)], 0)
    return found
