"""The vocabulary: which words of the catalogue a mistyped one may stand for, and how a begun one may go on."""

from __future__ import annotations

from collections.abc import Sequence
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


class Vocabulary:
    """Looks words of an index up. For use on one thread at a time."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    def nearest(self, word: str) -> list[WordCandidate]:
        """The words one edit away, or two from a long one; with the same first letter, if there are any."""
        if not is_correctable(word, MIN_LETTERS - 1):  # a letter of it may be missing
            return []
        edits = 2 if len(word) >= MIN_FOR_TWO_EDITS else 1
        same_letter = self._within(word, word[0], edits)
        if not same_letter and word[-1] == "s":
            same_letter = self._within(word[:-1], word[0], edits)
        if same_letter:
            return same_letter
        others = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter != word[0]]
        return [candidate for letter in others for candidate in self._within(word, letter, 1)][
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

    def _within(self, word: str, letter: str, edits: int) -> list[WordCandidate]:
        """The nearest of the words that begin with this letter, so many edits away at most."""
        near: dict[str, int] = {}
        for length in range(max(len(word) - edits, MIN_LETTERS), len(word) + edits + 1):
            for words in self._index.words_of(letter, length):
                near |= _near(word, words, edits)
        fewest = min(near.values(), default=0)
        count = self._index.word_count
        candidates = [WordCandidate(each, fewest, count(each)) for each in near if near[each] == fewest]
        candidates.sort(key=lambda candidate: (-candidate.count, candidate.word))
        return candidates[:MAX_CANDIDATES]


def _near(word: str, words: Sequence[str], edits: int) -> dict[str, int]:
    """Which of the words are so many edits away at most, and how many; the word itself is none of them."""
    from rapidfuzz import process  # costs time at the start, and few queries are mistyped
    from rapidfuzz.distance import OSA

    if not words:
        return {}
    scored = process.cdist([word], words, scorer=OSA.distance, score_cutoff=edits, dtype=np.uint8)
    distances = scored[0]
    near = np.flatnonzero((distances > 0) & (distances <= edits))
    return {words[i]: int(distances[i]) for i in near.tolist()}
