"""Texts one after the other in an array: as strings they would take three times the memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Texts by their positions; a file can hold them, and processes can share them."""

    characters: NDArray[np.uint8]
    """In UTF-8."""
    ends: NDArray[np.int64]
    """Where each text begins, and in the end where the last one ends."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """These texts."""
        encoded = [text.encode() for text in texts]
        ends = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=ends[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, position: int) -> str:
        return self.characters[self.ends[position] : self.ends[position + 1]].tobytes().decode()
