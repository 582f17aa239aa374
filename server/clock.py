"""The time. Services take `now` as a value; only the edges ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

Clock = Callable[[], datetime]

OFF = "off"
"""Never, where a setting asks for a time of the day."""


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def latest(at: time, now: datetime) -> datetime:
    """The last moment at this time of the day that is not after `now`."""
    today = datetime.combine(now.date(), at, now.tzinfo)
    return today if today <= now else today - timedelta(days=1)
