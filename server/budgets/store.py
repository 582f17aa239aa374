"""Stores of budgets: where all workers together count what they have taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Draw:
    """Calls that a worker wants out of the budget that a key has for a minute."""

    key: str
    minute: int
    calls: int


class Store(Protocol):
    """Counts what is taken."""

    async def take(self, draws: Sequence[Draw]) -> Mapping[str, int]:
        """Add the draws up, and return for each key how much of its minute is taken with them.

        No key is drawn twice. May raise anything when the store is away.
        """

    async def close(self) -> None:
        """Give back what it holds."""
