"""Phrases that the names of several products share: what people search for, where no name is a whole answer.

"Coffee maker" stands in the names of many products, and is suggested as words to search for, ranked by what sold
of all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.search.suggest.completion import Uses
from server.search.suggest.index import MAX_WORDS, Tokens
from server.search.suggest.words import placed_words

MIN_PRODUCTS: Final = 3
MAX_PHRASES: Final = 20_000
MAX_PHRASE_WORDS: Final = 3
MIN_LAST_WORD: Final = 3
"""Letters of the word that a phrase ends with."""
_SAME: Final = 0.9
"""A phrase that nearly always goes on in one way is left out for the longer one."""
_JOINTS: Final = frozenset({" ", "-", "'", "’", "&", " & ", "."})
"""What stands between the words of a phrase: across a comma or a slash they are none."""
_LINKS: Final = frozenset(
    {
        *("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"),
        *("und", "mit", "fur", "von", "der", "die", "das", "im"),
        *("et", "de", "la", "le", "les", "pour", "avec"),
    }
)
"""Words that no phrase begins or ends with."""


class _Phrase(NamedTuple):
    """At which word of all a phrase stands first, of how many words it is, and what it weighs."""

    at: int
    size: int
    weight: float


def shared_phrases(names: Sequence[str], sold: Sequence[int], tokens: Tokens) -> list[Uses]:
    """The phrases of one to three words that at least three of these names share, with what sold of those.

    `tokens` are those of the names, in the same order.
    """
    if not len(tokens.words):
        return []
    weights = np.log1p(np.asarray(sold, dtype=np.float64)) + 1
    begins = np.searchsorted(tokens.owners, np.arange(len(names)))
    texts: dict[str, float] = {}
    for phrase in sorted(_phrases(tokens, weights), key=lambda each: -each.weight)[:MAX_PHRASES]:
        owner = int(tokens.owners[phrase.at])
        position = phrase.at - int(begins[owner])
        # One that goes on across a comma ends before it.
        spoken = (_surface(names[owner], position, size) for size in range(phrase.size, 0, -1))
        text = next(filter(None, spoken), "")
        if text:
            texts.setdefault(text, phrase.weight)
    return [Uses(text, 0, round(weight)) for text, weight in texts.items()]


def _phrases(tokens: Tokens, weights: NDArray[np.float64]) -> Iterator[_Phrase]:
    words = [
        tokens.vocabulary.word(number).decode(errors="ignore") for number in range(len(tokens.vocabulary))
    ]
    # A letter by itself is what stands behind an apostrophe: "men's running shoes" are no "s running shoes".
    begins = np.array([word not in _LINKS and not (len(word) == 1 and "a" <= word <= "z") for word in words])
    ends = begins & np.array([len(word) >= MIN_LAST_WORD for word in words])
    levels: list[_PhraseLevel] = []
    keys, exists = tokens.words.astype(np.int64), np.ones(len(tokens.words), dtype=np.bool_)
    for size in range(1, MAX_PHRASE_WORDS + 1):
        if levels:
            following = tokens.following(size - 1)
            exists = levels[-1].is_shared[levels[-1].groups] & (following > 0)
            keys = levels[-1].groups * (len(tokens.vocabulary) + 1) + following
        level = _PhraseLevel(keys, exists, weights[tokens.owners])
        last = np.minimum(level.first + size - 1, len(tokens.words) - 1)
        level.is_whole = level.is_shared & begins[tokens.words[level.first]] & ends[tokens.words[last]]
        levels.append(level)
    for size, (level, longer) in enumerate(zip(levels, [*levels[1:], None], strict=True), start=1):
        listed = level.is_whole if longer is None else level.is_whole & ~longer.covering(level)
        for group in np.flatnonzero(listed).tolist():
            yield _Phrase(int(level.first[group]), size, float(level.weights[group]))


class _PhraseLevel:
    """The phrases of one length: at which words they begin, in how many names, and what these weigh."""

    def __init__(
        self,
        keys: NDArray[np.int64],
        exists: NDArray[np.bool_],
        weights: NDArray[np.float64],
    ) -> None:
        """`keys` tell the phrases that begin at each word apart, where one `exists`."""
        keys = np.where(exists, keys, -1)
        unique, self.first, self.groups = np.unique(keys, return_index=True, return_inverse=True)
        size = len(unique)
        self.counts = np.bincount(self.groups, minlength=size)
        self.weights = np.bincount(self.groups, weights=weights, minlength=size)
        self.is_shared = (self.counts >= MIN_PRODUCTS) & (unique >= 0)
        self.is_whole = self.is_shared
        """Shared, and with a beginning and an end that a phrase may have."""

    def covering(self, shorter: _PhraseLevel) -> NDArray[np.bool_]:
        """Which of the phrases that are one word shorter nearly always go on as one of these."""
        most = np.zeros(len(shorter.counts), dtype=np.int64)
        whole = np.flatnonzero(self.is_whole)
        np.maximum.at(most, shorter.groups[self.first[whole]], self.counts[whole])
        covered: NDArray[np.bool_] = most >= shorter.counts * _SAME
        return covered


def _surface(name: str, position: int, size: int) -> str:
    """A phrase as the name has it, in small letters; "" for what is none."""
    name = name if name.isascii() else unicodedata.normalize("NFC", name)
    words = placed_words(name)[:MAX_WORDS]
    phrase = words[position : position + size]
    if len(phrase) < size or not any(each.folded.isalpha() for each in phrase):
        return ""
    if any(name[a.end : b.start] not in _JOINTS for a, b in pairwise(phrase)):
        return ""
    if phrase[-1].folded in _LINKS or len(phrase[-1].folded) < MIN_LAST_WORD:
        return ""
    return name[phrase[0].start : phrase[-1].end].lower()
