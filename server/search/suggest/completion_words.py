"""The words of an index in the order of the alphabet, and which of them somebody meant who mistyped one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_BYTES: Final = 20
"""Longer words are cut: what differs behind this is the same word."""
MAX_CORRECTED: Final = 50_000
"""Mistyped words are compared with so many at most, those of the most entries."""
_FAR: Final = 100

Counts = NDArray[np.int32]


class Correction(NamedTuple):
    """A beginning of words that may have been meant, and how many edits it is away."""

    prefix: bytes
    distance: int


class CompletionWords:
    """Words as bytes (UTF-8), sorted; a word's number is its position."""

    def __init__(self, words: Sequence[str], counts: Sequence[int] | Counts) -> None:
        """`counts` says in how many entries each word stands."""
        encoded = np.array([word.encode()[:MAX_BYTES] for word in words] or [b""], dtype=f"S{MAX_BYTES}")
        self._words, self.numbers = np.unique(encoded, return_inverse=True)
        """The number of each of the words that it was made of."""
        weights = np.asarray(counts, dtype=np.float64) if len(words) else np.zeros(1)
        self._counts = np.bincount(self.numbers, weights=weights, minlength=len(self._words))
        self._letters, self._compared = self._alphabet()
        self._lengths = (self._letters != 0).sum(axis=0).astype(np.int8)

    def __len__(self) -> int:
        return len(self._words)

    def word(self, number: int) -> bytes:
        """The word with this number."""
        return bytes(self._words[number])

    def range_of(self, prefix: bytes) -> tuple[int, int]:
        """The numbers of the words that begin so: from the first to before the second."""
        low = int(np.searchsorted(self._words, prefix))
        if len(prefix) >= MAX_BYTES:
            return self.range_of_word(prefix)
        return low, int(np.searchsorted(self._words, prefix + b"\xff"))

    def range_of_word(self, word: bytes) -> tuple[int, int]:
        """The number of this word as such a range, which is empty when nothing has it."""
        low = int(np.searchsorted(self._words, word[:MAX_BYTES]))
        return low, low + (low < len(self._words) and self.word(low) == word[:MAX_BYTES])

    def corrections(self, typed: bytes, *, whole: bool, limit: int) -> list[Correction]:
        """What may have been meant by a word, or by the beginning of one, the most common first.

        One edit is forgiven from four letters on, two from eight; a word with another first letter is looked for
        when there is none with the same. What has a digit is a code or a number, and not corrected.
        """
        edits = (len(typed) >= 4) + (len(typed) >= 8)
        if not edits or len(typed) > MAX_BYTES - 2 or any(map(str.isdigit, typed.decode(errors="ignore"))):
            return []
        first = self._beginning_with(typed[:1])
        return self._near(typed, first, edits, whole=whole, limit=limit) or self._near(
            typed, slice(0, len(self._compared)), 1, whole=whole, limit=limit
        )

    def _alphabet(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The letters of the words that are compared, a row for each position; and the numbers of these words."""
        letters = self._words.view(np.uint8).reshape(len(self._words), MAX_BYTES)
        compared = np.flatnonzero(~((letters >= ord("0")) & (letters <= ord("9"))).any(axis=1))
        if len(compared) > MAX_CORRECTED:
            most = np.argpartition(-self._counts[compared], MAX_CORRECTED)[:MAX_CORRECTED]
            compared = np.sort(compared[most])
        return np.ascontiguousarray(letters[compared].T), compared

    def _beginning_with(self, letter: bytes) -> slice:
        low, high = self.range_of(letter)
        begin, end = np.searchsorted(self._compared, [low, high])
        return slice(int(begin), int(end))

    def _near(self, typed: bytes, among: slice, edits: int, *, whole: bool, limit: int) -> list[Correction]:
        lengths = self._lengths[among]
        fitting = lengths >= len(typed) - edits
        if whole:
            fitting &= lengths <= len(typed) + edits
        compared = np.flatnonzero(fitting) + among.start
        if not len(compared):
            return []
        letters = self._letters[: len(typed) + edits, compared]
        distances, lengths = _distances(np.frombuffer(typed, dtype=np.uint8), letters, edits, whole=whole)
        near = np.flatnonzero(distances <= edits)
        uses: dict[Correction, float] = {}
        for index in near.tolist():
            number = int(self._compared[compared[index]])
            meant = Correction(self.word(number)[: int(lengths[index])], int(distances[index]))
            uses[meant] = uses.get(meant, 0.0) + float(self._counts[number])
        return sorted(uses, key=lambda each: (each.distance, -uses[each], each.prefix))[:limit]


def _distances(
    typed: NDArray[np.uint8], letters: NDArray[np.uint8], edits: int, *, whole: bool
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """How many edits (a swap of neighbours is one) lead from what was typed to each word, and its length then.

    Unless `whole`, to the beginning of the word that is nearest. Only what is at most `edits` away is exact.
    """
    size, count = len(typed), letters.shape[1]
    width = min(size + edits, len(letters))
    rows = [np.full((width + 1, count), _FAR, dtype=np.int8) for _ in range(3)]
    before, above, row = rows
    above[: min(edits, width) + 1] = np.arange(min(edits, width) + 1, dtype=np.int8)[:, None]
    for i in range(1, size + 1):
        row[:] = _FAR
        if i <= edits:
            row[0] = i
        for j in range(max(1, i - edits), min(width, i + edits) + 1):
            cell = np.minimum(above[j - 1] + (letters[j - 1] != typed[i - 1]), above[j] + 1)
            np.minimum(cell, row[j - 1] + 1, out=cell)
            if i > 1 and j > 1:
                swapped = (letters[j - 1] == typed[i - 2]) & (letters[j - 2] == typed[i - 1])
                np.minimum(cell, np.where(swapped, before[j - 2] + 1, _FAR).astype(np.int8), out=cell)
            row[j] = cell
        before, above, row = above, row, before
    if whole:
        lengths = (letters != 0).sum(axis=0).astype(np.int8)
        reached = np.minimum(lengths, width)
        distances = above[reached, np.arange(count)]
        return np.where(lengths > width, _FAR, distances).astype(np.int8), lengths
    return above.min(axis=0), above.argmin(axis=0).astype(np.int8)
