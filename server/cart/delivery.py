"""How fast an order travels."""

from __future__ import annotations

from datetime import datetime, timedelta

STANDARD = "STANDARD"
EXPRESS = "EXPRESS"

_TAKES = {STANDARD: timedelta(days=3), EXPRESS: timedelta(minutes=30)}


def eta(option: str, now: datetime) -> datetime:
    """When an order placed now should arrive."""
    return now + _TAKES[option]
