"""Entries by the words that begin in them: whatever continues what was typed is one range of a sorted column.

An entry is indexed at the start of each of its words. The numbers of that word and of the two behind it are one
integer, and the integers are sorted: what begins with "coffee ma" lies between two of them. The best of a range
are picked by numpy, which for ten thousands of entries takes less than a millisecond.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.search.index.texts import Texts
from server.search.suggest.completion import Completion, CompletionEntry, CompletionKind
from server.search.suggest.completion_words import CompletionWords
from server.search.suggest.words import words_of

MAX_WORDS: Final = 8
"""An entry is indexed by so many of its first words."""
_BITS: Final = 21
_MASK: Final = (1 << _BITS) - 1
_TOGETHER: Final = 3
"""Words behind each other that are sorted by; what is typed beyond them is compared with the text."""
_START: Final = 0.25
"""What a match at the start of an entry counts more than one at a later word."""
_WINDOW: Final = 64
"""Candidates that are looked at first."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that continues what was typed, and how good it is."""

    completion: Completion
    score: float


class Tokens:
    """The words of entries, one column for all: the number of each word, and of its entry."""

    def __init__(self, entries: Sequence[CompletionEntry]) -> None:
        numbers: dict[str, int] = {}
        words, owners = array("l"), array("l")
        for owner, entry in enumerate(entries):
            split = words_of(entry.text)[:MAX_WORDS]
            words.extend([numbers.setdefault(word, len(numbers)) for word in split])
            owners.extend([owner] * len(split))
        self.owners = np.array(owners, dtype=np.int32)
        counts = np.bincount(np.array(words, dtype=np.int64), minlength=len(numbers))
        self.vocabulary = CompletionWords(list(numbers), counts.astype(np.int32))
        self.words = (
            self.vocabulary.numbers[np.array(words, dtype=np.int64)] if words else np.zeros(0, dtype=np.int64)
        )
        """The numbers of the words in the vocabulary."""

    def following(self, distance: int) -> NDArray[np.int64]:
        """The word so far behind each, its number counted from 1; 0 where its entry ends before."""
        moved = np.zeros(len(self.words), dtype=np.int64)
        if distance < len(self.words):
            same = self.owners[distance:] == self.owners[: len(self.owners) - distance]
            moved[: len(same)] = np.where(same, self.words[distance:] + 1, 0)
        return moved

    @property
    def starts(self) -> NDArray[np.bool_]:
        """Whether a word is the first of its entry."""
        first = np.ones(len(self.owners), dtype=np.bool_)
        first[1:] = self.owners[1:] != self.owners[:-1]
        return first


class CompletionIndex:
    """Entries by their words. It does not change, but entries can be hidden."""

    def __init__(self, entries: Sequence[CompletionEntry], tokens: Tokens | None = None) -> None:
        """`tokens` are those of the entries, where they were read already."""
        tokens = tokens or Tokens(entries)
        self._vocabulary = tokens.vocabulary
        keys = np.zeros(len(tokens.words), dtype=np.uint64)
        for distance in range(_TOGETHER):
            keys = (keys << np.uint64(_BITS)) | tokens.following(distance).astype(np.uint64)
        order = np.argsort(keys, kind="stable")
        ranks = np.array([entry.rank for entry in entries], dtype=np.float32)
        self._keys = keys[order]
        self._owners = tokens.owners[order]
        self._scores: NDArray[np.float32] = (
            ranks[self._owners] + tokens.starts[order] * np.float32(_START)
        ).astype(np.float32)
        self._texts = Texts.of(entry.text for entry in entries)
        self._kinds = np.array([entry.kind for entry in entries], dtype=np.uint8)
        self._ids = np.array([entry.id for entry in entries], dtype=np.int64)
        self._hidden = np.zeros(len(entries), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._kinds)

    def hide_products(self, product_ids: Collection[int]) -> None:
        """Suggest none of these products any more."""
        gone = (self._kinds == CompletionKind.PRODUCT) & np.isin(self._ids, list(product_ids))
        self._hidden |= gone

    def matches(self, words: Sequence[str], limit: int) -> list[Match]:
        """The best entries that go on so at the start of a word; the last of `words` is the beginning of one."""
        typed = [word.encode() for word in words]
        span = self._range(typed)
        return list(self._best(span, typed, limit)) if span is not None else []

    def corrected(self, words: Sequence[str], limit: int) -> list[Match]:
        """The same for what may have been meant by words of which some are mistyped."""
        matches: list[Match] = []
        for typed, distance in self._meant([word.encode() for word in words]):
            span = self._range(typed)
            if distance and span is not None:
                matches += [
                    Match(each.completion, each.score - distance) for each in self._best(span, typed, limit)
                ]
        return matches

    def _meant(self, typed: Sequence[bytes]) -> Iterator[tuple[list[bytes], int]]:
        """What the words may have been: all but the last as the most common correction has them."""
        before: list[bytes] = []
        distance = 0
        for word in typed[:-1]:
            low, high = self._vocabulary.range_of_word(word)
            if low == high:
                nearest = self._vocabulary.corrections(word, whole=True, limit=1)
                if not nearest:
                    return
                word, edits = nearest[0]
                distance += edits
            before.append(word)
        low, high = self._vocabulary.range_of(typed[-1])
        if low < high:
            yield [*before, typed[-1]], distance
        for meant, edits in self._vocabulary.corrections(typed[-1], whole=False, limit=3):
            yield [*before, meant], distance + edits

    def _range(self, typed: Sequence[bytes]) -> tuple[int, int] | None:
        """Where the entries lie in which such words begin; of more than three words, the first three."""
        together = typed[:_TOGETHER]
        low = high = 0
        for position, word in enumerate(together):
            is_prefix = position == len(typed) - 1
            first, last = (
                self._vocabulary.range_of(word) if is_prefix else self._vocabulary.range_of_word(word)
            )
            if first == last:
                return None
            shift = _BITS * (_TOGETHER - 1 - position)
            low, high = low | (first + 1) << shift, low | (last + 1) << shift
        bounds = np.array([low, high], dtype=np.uint64)
        begin, end = np.searchsorted(self._keys, bounds)
        return (int(begin), int(end)) if begin < end else None

    def _best(self, span: tuple[int, int], typed: Sequence[bytes], limit: int) -> Iterator[Match]:
        """The first entries of a range by their scores, each once."""
        scores = self._scores[slice(*span)]
        owners = self._owners[slice(*span)]
        if len(typed) > _TOGETHER:
            with_end = np.isin(owners, self._owners[slice(*(self._range(typed[-_TOGETHER:]) or (0, 0)))])
            scores, owners = scores[with_end], owners[with_end]
        seen: set[int] = set()
        for window in _windows(len(scores)):
            order = np.argsort(-scores, kind="stable") if window == len(scores) else _first(scores, window)
            for position in order.tolist():
                owner = int(owners[position])
                if owner in seen:
                    continue
                seen.add(owner)
                if not self._hidden[owner] and self._goes_on(owner, typed):
                    yield Match(self._completion(owner), float(scores[position]))
                    limit -= 1
                    if not limit:
                        return

    def _goes_on(self, owner: int, typed: Sequence[bytes]) -> bool:
        """Whether an entry holds all that was typed, of which more than three words were not looked at yet."""
        if len(typed) <= _TOGETHER:
            return True
        words = [word.encode() for word in words_of(self._texts[owner])]
        *whole, last = typed
        return any(
            words[start : start + len(whole)] == whole and words[start + len(whole)].startswith(last)
            for start in range(len(words) - len(whole))
        )

    def _completion(self, owner: int) -> Completion:
        return Completion(self._texts[owner], CompletionKind(int(self._kinds[owner])), int(self._ids[owner]))


def _windows(size: int) -> Iterator[int]:
    """How many candidates are looked at, more and more, until it is all of them."""
    window = _WINDOW
    while window < size:
        yield window
        window *= 16
    yield size


def _first(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The positions of the greatest scores, the greatest first."""
    best = np.argpartition(-scores, count - 1)[:count]
    ordered: NDArray[np.int64] = best[np.argsort(-scores[best], kind="stable")]
    return ordered
