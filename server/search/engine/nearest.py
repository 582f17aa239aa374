"""The category that is nearest to a query: what may do where nothing was found stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from server.search.engine.interpretation import MAX_CORRECTED, Interpretation
from server.search.engine.matching import NO_MATCHES, Matches
from server.search.engine.narrowing import Searchable
from server.search.engine.vocabulary import MIN_LETTERS
from server.search.index.index import SearchIndex
from server.search.index.words import is_correctable, words

MAX_VOTES: Final = 100
"""Documents, the best of those that say something for a category, that are asked for theirs."""
MAX_CATEGORIES: Final = 3
"""That are tried: nothing of the nearest may pass the filters."""
MAX_WORDS: Final = 3
"""Of the catalogue that a word may have been meant for."""
LIKENESS: Final = 0.6
"""Of letters that two words share, in their order, from which on one may have been meant for the other."""


def nearest_categories(goods: Searchable, evidence: Matches) -> list[int]:
    """The categories in which most of what speaks for them stands, by its scores; the nearest first."""
    docs, scores = evidence.docs, evidence.scores
    if len(docs) > MAX_VOTES:
        best = np.argpartition(scores, len(docs) - MAX_VOTES)[-MAX_VOTES:]
        docs, scores = docs[best], scores[best]
    columns = goods.index.columns
    votes = np.bincount(columns.category_codes[docs], scores, minlength=len(columns.category_ids))
    order = np.argsort(-votes, kind="stable")[: MAX_CATEGORIES + 1]
    named = [(int(columns.category_ids[code]), float(votes[code])) for code in order.tolist()]
    return [category_id for category_id, vote in named if category_id and vote > 0][:MAX_CATEGORIES]


def loosely(goods: Searchable, query: Interpretation) -> Matches:
    """What has words that look like those of a query, further off than mistyped ones are."""
    index = goods.index
    scores = np.zeros(len(index), dtype=np.float32)
    for word in [each for each in words(query.text) if is_correctable(each, MIN_LETTERS)][:MAX_CORRECTED]:
        for other, likeness in _similar_words(index, word):
            for stem in query.wording.stems(other):
                docs, weights = index.postings(stem)
                scores[docs] = np.maximum(scores[docs], likeness * weights)
    docs = np.flatnonzero(scores).astype(np.int32)
    return Matches(docs, scores[docs]) if len(docs) else NO_MATCHES


def _similar_words(index: SearchIndex, word: str) -> Sequence[tuple[str, float]]:
    """The words with the same first letter that share most letters with one, and how far they do."""
    from rapidfuzz import process  # costs time at the start, and few queries find nothing
    from rapidfuzz.distance import Indel

    longest = round(len(word) * (2 / LIKENESS - 1))
    near: list[tuple[str, float]] = []
    for length in range(MIN_LETTERS, longest + 1):
        for others in index.words_of(word[0], length):
            scored = process.extract(
                word, others, scorer=Indel.normalized_similarity, score_cutoff=LIKENESS, limit=MAX_WORDS
            )
            near += [(other, likeness) for other, likeness, _ in scored]
    return sorted(near, key=lambda each: (-each[1], each[0]))[:MAX_WORDS]
