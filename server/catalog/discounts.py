"""Discounts of products: what one unit costs at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from server.db.base import AnyRow
from server.money import share_bp

Phase = tuple[datetime | None, datetime | None, int]
"""From when, until when (exclusive) a unit costs so much; None is unbounded."""


@dataclass(frozen=True, slots=True)
class Discount:
    """A reduction by basis points or by an amount, from a moment until another; without either there is none."""

    basis_points: int | None = None
    minor: int | None = None
    begins: datetime | None = None
    ends: datetime | None = None

    @classmethod
    def of(cls, row: AnyRow) -> Self:
        """The discount in the columns of a product's row."""
        return cls(row.discount_bp, row.discount_minor, row.discount_from, row.discount_until)

    def price_at(self, minor: int, now: datetime) -> int:
        """Return the price at `now` of a unit whose list price is `minor`."""
        return self._reduced(minor) if self._exists and self._lasts(now) else minor

    def phases(self, minor: int, now: datetime) -> list[Phase]:
        """Return what a unit whose list price is `minor` costs from `now` on, one phase after the other."""
        if not self._exists:
            return [(None, None, minor)]
        spans: list[Phase] = [(self.begins, self.ends, self._reduced(minor))]
        if self.begins is not None:
            spans.insert(0, (None, self.begins, minor))
        if self.ends is not None:
            spans.append((self.ends, None, minor))
        return [span for span in spans if span[1] is None or span[1] > now]

    def next_turn(self, now: datetime) -> datetime | None:
        """Return when the price next changes by the clock alone; None: never."""
        if not self._exists:
            return None
        return min(
            (turn for turn in (self.begins, self.ends) if turn is not None and turn > now), default=None
        )

    @property
    def _exists(self) -> bool:
        return self.basis_points is not None or self.minor is not None

    def _lasts(self, now: datetime) -> bool:
        return (self.begins is None or self.begins <= now) and (self.ends is None or now < self.ends)

    def _reduced(self, minor: int) -> int:
        off = share_bp(minor, self.basis_points) if self.basis_points is not None else self.minor or 0
        return max(0, minor - off)
