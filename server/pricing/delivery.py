"""How fast an order travels."""

from __future__ import annotations

from datetime import datetime, timedelta

STANDARD = "STANDARD"
EXPRESS = "EXPRESS"

_TAKES = {STANDARD: timedelta(days=3), EXPRESS: timedelta(minutes=30)}


ESTIMATE_STANDS = timedelta(minutes=1)
"""An estimate is not made anew for less."""


def renewed(before: datetime | None, option: str, now: datetime) -> datetime:
    """An estimate of before as it is now: nobody is told that an order arrives sooner than it can."""
    fresh = eta(option, now)
    return before if before is not None and before + ESTIMATE_STANDS >= fresh else fresh


def estimated_at(moment: datetime, option: str) -> datetime:
    """When an estimate must have been made to say this moment."""
    return moment - _TAKES[option]


def eta(option: str, now: datetime) -> datetime:
    """When an order placed now should arrive."""
    return now + _TAKES[option]
