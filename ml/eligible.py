"""Which products a list may hold: asked for many at once, so that a list of nothing costs little."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Protocol


class Eligible(Protocol):
    """Decides whether products may be recommended (in stock, not bought, in the price range …)."""

    def among(self, product_ids: Sequence[int]) -> Sequence[bool]:
        """Say of each of these whether it may."""


class Everything:
    """Every product may."""

    def among(self, product_ids: Sequence[int]) -> Sequence[bool]:
        """True for each."""
        return [True] * len(product_ids)


class Without:
    """What may by another rule, and is not among the excluded."""

    def __init__(self, excluded: Container[int], rule: Eligible | None = None) -> None:
        self._excluded = excluded
        self._rule = rule or Everything()

    def among(self, product_ids: Sequence[int]) -> Sequence[bool]:
        """Say of each of these whether it may."""
        allowed = self._rule.among(product_ids)
        return [may and each not in self._excluded for may, each in zip(allowed, product_ids, strict=True)]
