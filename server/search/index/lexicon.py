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
        position = int(self.texts.searchsorted(key))
        return position if position < len(self.texts) and self.texts[position] == key else None

    def beginning_with(self, prefix: str) -> range:
        """Where the texts stand that begin so."""
        key = prefix.encode()
        ends = self.texts.searchsorted(np.array([key, key + b"\xff"], dtype=np.bytes_))
        return range(int(ends[0]), int(ends[1]))

    def some(self, positions: range) -> list[str]:
        """The texts that stand there."""
        return [text.decode() for text in self.texts[positions.start : positions.stop].tolist()]
