"""The range that a question is about: its days, or its hours, and the time before it. Pure.

What is named by times is widened to whole days or hours, and never narrowed. Limits are looked at before any work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from server.analytics.calendar import ShopCalendar, days_between, month_of, months_after
from server.analytics.errors import RangeTooLong, TooManyPoints
from server.errors import FieldReason, InvalidField

MAX_DAYS: Final = 3660
MAX_POINTS: Final = 1000
EARLIEST: Final = date(1900, 1, 1)
"""Nobody asks for earlier days, and calendars end somewhere."""

_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)


class Granularity(StrEnum):
    """How long a point is."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"

    def first_day(self, day: date) -> date:
        """The first day of the point that a day belongs to."""
        if self is Granularity.WEEK:
            return day - timedelta(days=day.weekday())
        if self is Granularity.MONTH:
            return month_of(day)
        return day.replace(month=1, day=1) if self is Granularity.YEAR else day


class RangeName(StrEnum):
    """Ranges that have a name."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    LAST_90_DAYS = "LAST_90_DAYS"
    LAST_365_DAYS = "LAST_365_DAYS"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"
    THIS_YEAR = "THIS_YEAR"
    LAST_YEAR = "LAST_YEAR"

    def days(self, today: date) -> Days:
        """The days that are meant on a day."""
        match self:
            case RangeName.YESTERDAY:
                return Days(today - _DAY, today - _DAY)
            case RangeName.THIS_MONTH:
                return Days(month_of(today), today)
            case RangeName.LAST_MONTH:
                return Days(months_after(today, -1), month_of(today) - _DAY)
            case RangeName.THIS_YEAR:
                return Days(today.replace(month=1, day=1), today)
            case RangeName.LAST_YEAR:
                return Days(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))
            case _:
                return Days(today - timedelta(days=_LENGTHS[self] - 1), today)


_LENGTHS: Final = {
    RangeName.TODAY: 1,
    RangeName.LAST_7_DAYS: 7,
    RangeName.LAST_30_DAYS: 30,
    RangeName.LAST_90_DAYS: 90,
    RangeName.LAST_365_DAYS: 365,
}


@dataclass(frozen=True, slots=True)
class Days:
    """Days, the first and the last included."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Days:
        """As many days before these."""
        return Days(self.first - timedelta(days=len(self)), self.first - _DAY)

    def split(self, day: date) -> tuple[Days | None, Days | None]:
        """Those before a day, and those from it on."""
        earlier = Days(self.first, min(self.last, day - _DAY)) if self.first < day else None
        later = Days(max(self.first, day), self.last) if self.last >= day else None
        return earlier, later

    def points(self, granularity: Granularity) -> list[date]:
        """The first days of the points, of which the first may begin with the range and not with its week."""
        if granularity is Granularity.DAY:
            return list(days_between(self.first, self.last))
        return list(
            dict.fromkeys(self.point_of(day, granularity) for day in days_between(self.first, self.last))
        )

    def point_of(self, day: date, granularity: Granularity) -> date:
        """The first day of the point of a day."""
        return max(self.first, granularity.first_day(day))


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours: the first moment, and the first one after the last."""

    start: datetime
    end: datetime

    def before(self) -> Hours:
        """As long a time before these."""
        return Hours(self.start - (self.end - self.start), self.start)

    def points(self, calendar: ShopCalendar) -> Iterator[datetime]:
        """The first moments of the hours."""
        return calendar.hours(self.start, self.end)


@dataclass(frozen=True, slots=True)
class AskedRange:
    """A range as it is asked for: by its name or by times."""

    name: RangeName | None = None
    start: datetime | None = None
    end: datetime | None = None

    def days(self, calendar: ShopCalendar, now: datetime) -> Days:
        """The days that it takes in. Raises InvalidField and RangeTooLong."""
        today = calendar.day_of(now)
        if self.start is None and self.end is None:
            return (self.name or RangeName.LAST_30_DAYS).days(today)
        start, end = self._times(now)
        days = Days(calendar.day_of(start), calendar.day_of(end - _MICROSECOND))
        if len(days) > MAX_DAYS:
            raise RangeTooLong(days=len(days), limit=MAX_DAYS).at("start_time")
        return days

    def hours(self, calendar: ShopCalendar, now: datetime) -> Hours:
        """The hours that it takes in, at most MAX_POINTS of them. Raises as `days`, and TooManyPoints."""
        if self.start is None and self.end is None:
            days = self.days(calendar, now)
            hours = Hours(calendar.start_of(days.first), calendar.start_of(days.last + _DAY))
        else:
            start, end = self._times(now)
            last = calendar.hour_of(end - _MICROSECOND)
            hours = Hours(calendar.hour_of(start), calendar.hour_after(last))
        count = -((hours.start - hours.end) // timedelta(hours=1))
        check_points(count, Granularity.HOUR)
        return hours

    def _times(self, now: datetime) -> tuple[datetime, datetime]:
        if self.name is not None:
            raise InvalidField(("range", "must be left out where times are given", FieldReason.CONFLICT))
        if self.start is None:
            raise InvalidField(("start_time", "is required beside end_time", FieldReason.REQUIRED))
        end = now if self.end is None else self.end
        for field, moment in (("start_time", self.start), ("end_time", end)):
            checked_moment(field, moment, now)
        if self.start >= end:
            raise InvalidField(("start_time", "must be before end_time", FieldReason.CONFLICT))
        if (end - self.start).days > MAX_DAYS:
            raise RangeTooLong(days=(end - self.start).days, limit=MAX_DAYS).at("start_time")
        return self.start, end


def checked_moment(field: str, moment: datetime, now: datetime) -> datetime:
    """A moment, where it is one that anybody asks about. Raises InvalidField."""
    until = now.date() + timedelta(days=MAX_DAYS)
    if not EARLIEST <= moment.date() <= until:
        raise InvalidField((field, f"must lie between {EARLIEST} and {until}", FieldReason.OUT_OF_RANGE))
    return moment


def check_points(count: int, granularity: Granularity) -> None:
    """Raise TooManyPoints for more than MAX_POINTS."""
    if count > MAX_POINTS:
        coarser = list(Granularity)[list(Granularity).index(granularity) + 1 :]
        raise TooManyPoints(points=count, limit=MAX_POINTS, choices=", ".join(coarser)).at("granularity")
