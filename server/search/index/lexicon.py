"""Sorted texts in one array, which a file can hold and processes can share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Texts in the order of their bytes, each once."""

    texts: NDArray[np.bytes_]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """A lexicon of these; of sorted ones, in their order."""
        encoded = sorted(text.encode() for text in texts)
        return cls(np.array(encoded or [b""], dtype=np.bytes_)[: len(encoded)])

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, position: int) -> str:
        return bytes(self.texts[position]).decode()

    def position(self, text: str) -> int | None:
        """Where a text stands; None when it is not there."""
        key = text.encode()
        if len(key) > self.texts.itemsize:  # numpy would copy all texts to compare them with a longer one
            return None
        position = int(self.texts.searchsorted(key))
        return position if position < len(self.texts) and self.texts[position] == key else None

    def beginning_with(self, prefix: str) -> range:
        """Where the texts stand that begin so."""
        key = prefix.encode()
        if len(key) >= self.texts.itemsize:
            position = self.position(prefix)
            return range(0) if position is None else range(position, position + 1)
        ends = self.texts.searchsorted(np.array([key, key + b"\xff"], dtype=np.bytes_))
        return range(int(ends[0]), int(ends[1]))

    def some(self, positions: range) -> list[str]:
        """The texts that stand there."""
        return [text.decode() for text in self.texts[positions.start : positions.stop].tolist()]
