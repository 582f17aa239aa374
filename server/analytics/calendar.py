"""Days and hours in the shop's time zone: when they begin, and which a moment belongs to.

Days have 23 or 25 hours where clocks are set. An hour is named by its first moment, so that the two between two
and three o'clock of an autumn night are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ShopCalendar:
    """The calendar of a time zone."""

    zone: ZoneInfo

    @classmethod
    def of(cls, name: str) -> ShopCalendar:
        """The calendar of the zone that has a name. Raises ZoneInfoNotFoundError."""
        return _calendar(name)

    def day_of(self, moment: datetime) -> date:
        """The day of a moment."""
        return moment.astimezone(self.zone).date()

    def hour_of(self, moment: datetime) -> datetime:
        """The first moment (UTC) of the hour of a moment."""
        # What the clock says second in an autumn night stays so: `replace` leaves the fold.
        local = moment.astimezone(self.zone)
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)

    def start_of(self, day: date) -> datetime:
        """The first moment (UTC) of a day; where clocks skip midnight, that in which they do."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def hours(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The first moments of the hours from that of `start` on, which begin before `end`."""
        hour = self.hour_of(start)
        while hour < end:
            yield hour
            hour = self.hour_after(hour)

    def hour_after(self, hour: datetime) -> datetime:
        """The first moment of the hour after one; where clocks are set by half an hour, one lasts longer."""
        following = self.hour_of(hour + _HOUR)
        return following if following > hour else self.hour_of(hour + 2 * _HOUR)


@cache
def _calendar(name: str) -> ShopCalendar:
    return ShopCalendar(ZoneInfo(name))


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def months_after(day: date, count: int) -> date:
    """The first day of the month that lies so many months after that of a day; before it when below zero."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, 1)


def days_between(first: date, last: date) -> Iterator[date]:
    """The days from the first to the last."""
    while first <= last:
        yield first
        first += _DAY
