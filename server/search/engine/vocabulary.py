"""The vocabulary: which words of the catalogue a mistyped one may stand for, and how a begun one may go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.search.index.index import SearchIndex
from server.search.index.words import is_correctable

MIN_LETTERS: Final = 4
"""Of a word that a mistyped one may stand for."""
MIN_FOR_TWO_EDITS: Final = 8
"""Letters of a word that may be wrong in two places; a shorter one in one."""
MAX_CANDIDATES: Final = 30
"""For one word, of those nearest to it."""
MAX_COMPLETIONS: Final = 12
"""The most frequent words that a beginning stands for."""
MIN_PREFIX: Final = 2
MIN_PART: Final = 3
"""Letters of each part of a word that was written as one."""


@dataclass(frozen=True, slots=True)
class WordCandidate:
    """A word of the catalogue that another may stand for."""

    word: str
    edits: int
    count: int
    """How much it is used."""


@dataclass(frozen=True, slots=True, eq=False)
class _Bucket:
    """The words of one length that begin with one letter."""

    words: Sequence[str]
    counts: Sequence[int]


class Vocabulary:
    """Looks words of an index up. For use on one thread at a time."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._buckets: dict[str, Mapping[int, _Bucket]] = {}
        """By the letter, and by the length: words of others are not as few edits away."""

    def nearest(self, word: str) -> list[WordCandidate]:
        """The words one edit away, or two from a long one; with the same first letter, if there are any."""
        if not is_correctable(word, MIN_LETTERS - 1):  # a letter of it may be missing
            return []
        edits = 2 if len(word) >= MIN_FOR_TWO_EDITS else 1
        same_letter = self._within(word, self._bucket(word[0]), edits)
        if not same_letter and word[-1] == "s":
            same_letter = self._within(word[:-1], self._bucket(word[0]), edits)
        if same_letter:
            return same_letter
        others = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter != word[0]]
        return [candidate for letter in others for candidate in self._within(word, self._bucket(letter), 1)][
            :MAX_CANDIDATES
        ]

    def completions(self, prefix: str) -> list[WordCandidate]:
        """The most frequent words that begin so, without the beginning itself."""
        if len(prefix) < MIN_PREFIX:
            return []
        words = self._index.words_beginning_with(prefix, MAX_COMPLETIONS + 1)
        words.pop(prefix, None)
        best = sorted(words.items(), key=lambda each: (-each[1], each[0]))[:MAX_COMPLETIONS]
        return [WordCandidate(word, 0, count) for word, count in best]

    def parts(self, word: str) -> tuple[str, str] | None:
        """The two words that were written as one, the most frequent ones; None when there are none."""
        count = self._index.word_count
        best, most = None, 0
        for cut in range(MIN_PART, len(word) - MIN_PART + 1):
            first, second = word[:cut], word[cut:]
            fewer = min(count(first), count(second))
            if fewer > most:
                best, most = (first, second), fewer
        return best

    def _bucket(self, letter: str) -> Mapping[int, _Bucket]:
        buckets = self._buckets.get(letter)
        if buckets is None:
            by_length: defaultdict[int, dict[str, int]] = defaultdict(dict)
            for word, count in self._index.words_beginning_with(letter).items():
                if is_correctable(word, MIN_LETTERS):
                    by_length[len(word)][word] = count
            buckets = self._buckets[letter] = {
                length: _Bucket(list(words), list(words.values())) for length, words in by_length.items()
            }
        return buckets

    def _within(self, word: str, buckets: Mapping[int, _Bucket], edits: int) -> list[WordCandidate]:
        lengths = range(len(word) - edits, len(word) + edits + 1)
        candidates = [
            candidate
            for length in lengths
            if length in buckets
            for candidate in _near(word, buckets[length], edits)
        ]
        fewest = min((candidate.edits for candidate in candidates), default=0)
        candidates = [candidate for candidate in candidates if candidate.edits == fewest]
        candidates.sort(key=lambda candidate: (candidate.edits, -candidate.count, candidate.word))
        return candidates[:MAX_CANDIDATES]


def _near(word: str, bucket: _Bucket, edits: int) -> list[WordCandidate]:
    """The words of a bucket that are so many edits away at most, but for the word itself."""
    from rapidfuzz import process  # costs time at the start, and few queries are mistyped
    from rapidfuzz.distance import OSA

    scored = process.cdist([word], bucket.words, scorer=OSA.distance, score_cutoff=edits, dtype=np.uint8)
    distances = scored[0]
    near = np.flatnonzero((distances > 0) & (distances <= edits))
    return [WordCandidate(bucket.words[i], int(distances[i]), bucket.counts[i]) for i in near.tolist()]
