"""Ranges: which days and hours are meant, in which zone, and what is refused before any work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.analytics.calendar import ShopCalendar, months_after
from server.analytics.errors import RangeTooLong, TooManyPoints
from server.analytics.models import DAY, MONTH
from server.analytics.ranges import AskedRange, Days, Granularity, RangeName, check_points
from server.analytics.spans import pieces
from server.errors import InvalidField

BERLIN = ShopCalendar.of("Europe/Berlin")
NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 2 March in Berlin
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Asuncion",
]


def moments() -> st.SearchStrategy[datetime]:
    """Moments of some years."""
    return st.integers(0, 4_000 * 86_400).map(
        lambda passed: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=passed)
    )


@given(st.sampled_from(ZONES), moments())
def test_a_moment_lies_in_its_day_and_its_hour(zone: str, moment: datetime) -> None:
    calendar = ShopCalendar.of(zone)
    day = calendar.day_of(moment)
    assert calendar.start_of(day) <= moment < calendar.start_of(day + timedelta(days=1))
    hour = calendar.hour_of(moment)
    assert hour <= moment < calendar.hour_after(hour)
    assert calendar.hour_of(hour) == hour


@given(st.sampled_from(ZONES), moments())
def test_the_hours_of_a_day_follow_each_other_without_gaps(zone: str, moment: datetime) -> None:
    calendar = ShopCalendar.of(zone)
    day = calendar.day_of(moment)
    start, end = calendar.start_of(day), calendar.start_of(day + timedelta(days=1))
    hours = list(calendar.hours(start, end))
    assert hours[0] == start
    assert all(calendar.hour_after(one) == other for one, other in pairwise([*hours, end]))


def test_days_are_23_and_25_hours_long_when_clocks_are_set() -> None:
    lengths = {
        day: len(
            list(
                BERLIN.hours(
                    BERLIN.start_of(date(2026, *day)), BERLIN.start_of(date(2026, day[0], day[1] + 1))
                )
            )
        )
        for day in ((3, 28), (3, 29), (10, 25))
    }
    assert lengths == {(3, 28): 24, (3, 29): 23, (10, 25): 25}


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        (RangeName.TODAY, (2026, 3, 2), (2026, 3, 2)),
        (RangeName.YESTERDAY, (2026, 3, 1), (2026, 3, 1)),
        (RangeName.LAST_7_DAYS, (2026, 2, 24), (2026, 3, 2)),
        (RangeName.LAST_30_DAYS, (2026, 2, 1), (2026, 3, 2)),
        (RangeName.LAST_90_DAYS, (2025, 12, 3), (2026, 3, 2)),
        (RangeName.LAST_365_DAYS, (2025, 3, 3), (2026, 3, 2)),
        (RangeName.THIS_MONTH, (2026, 3, 1), (2026, 3, 2)),
        (RangeName.LAST_MONTH, (2026, 2, 1), (2026, 2, 28)),
        (RangeName.THIS_YEAR, (2026, 1, 1), (2026, 3, 2)),
        (RangeName.LAST_YEAR, (2025, 1, 1), (2025, 12, 31)),
    ],
)
def test_named_ranges_are_of_the_days_of_the_zone(
    name: RangeName, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert AskedRange(name).days(BERLIN, NOW) == Days(date(*first), date(*last))


def test_times_are_widened_to_whole_days_and_hours() -> None:
    start, end = datetime(2026, 1, 31, 22, 59, tzinfo=UTC), datetime(2026, 2, 1, 23, 0, tzinfo=UTC)
    assert AskedRange(None, start, end).days(BERLIN, NOW) == Days(date(2026, 1, 31), date(2026, 2, 1))
    later = end + timedelta(microseconds=1)
    assert AskedRange(None, start, later).days(BERLIN, NOW).last == date(2026, 2, 2)
    hours = AskedRange(None, start, later).hours(BERLIN, NOW)
    assert (hours.start, hours.end) == (start.replace(minute=0), datetime(2026, 2, 2, 0, 0, tzinfo=UTC))
    assert hours.before().end == hours.start


def test_without_anything_it_is_the_last_30_days_and_without_an_end_it_is_up_to_now() -> None:
    assert len(AskedRange().days(BERLIN, NOW)) == 30
    assert AskedRange(start=NOW - timedelta(hours=1)).days(BERLIN, NOW) == Days(
        date(2026, 3, 1), date(2026, 3, 2)
    )
    assert AskedRange(start=NOW - timedelta(hours=1)).hours(BERLIN, NOW).end == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (AskedRange(RangeName.TODAY, NOW - timedelta(days=1)), "range"),
        (AskedRange(None, None, NOW), "start_time"),
        (AskedRange(None, NOW, NOW), "start_time"),
        (AskedRange(None, NOW, NOW - timedelta(days=1)), "start_time"),
        (AskedRange(None, datetime(1, 1, 1, tzinfo=UTC), NOW), "start_time"),
        (AskedRange(None, NOW, datetime(9999, 12, 31, 23, 59, tzinfo=UTC)), "end_time"),
    ],
)
def test_a_range_that_cannot_be_is_refused_by_its_field(asked: AskedRange, field: str) -> None:
    for ask in (asked.days, asked.hours):
        with pytest.raises(InvalidField) as caught:
            ask(BERLIN, NOW)
        assert [each.field for each in caught.value.violations] == [field]


def test_ten_years_are_the_most() -> None:
    end = datetime(2026, 1, 1, 23, tzinfo=UTC)
    longest = AskedRange(None, end - timedelta(days=3660), end)
    assert len(longest.days(BERLIN, NOW)) == 3660
    too_long = AskedRange(None, end - timedelta(days=3660, seconds=1), end)
    with pytest.raises(RangeTooLong):
        too_long.days(BERLIN, NOW)
    with pytest.raises(RangeTooLong):
        AskedRange(None, end - timedelta(days=3661), end).hours(BERLIN, NOW)


def test_a_thousand_points_are_the_most_and_coarser_granularities_are_named() -> None:
    check_points(1000, Granularity.HOUR)
    with pytest.raises(TooManyPoints) as caught:
        check_points(1001, Granularity.DAY)
    assert caught.value.facts == {"points": "1001", "limit": "1000", "choices": "WEEK, MONTH, YEAR"}
    with pytest.raises(TooManyPoints):
        AskedRange(RangeName.LAST_90_DAYS).hours(BERLIN, NOW)


def test_weeks_begin_on_monday_and_the_first_with_the_range() -> None:
    days = Days(date(2026, 2, 25), date(2026, 3, 9))  # Wednesday to Monday
    assert days.points(Granularity.WEEK) == [date(2026, 2, 25), date(2026, 3, 2), date(2026, 3, 9)]
    assert days.points(Granularity.MONTH) == [date(2026, 2, 25), date(2026, 3, 1)]
    assert days.points(Granularity.YEAR) == [date(2026, 2, 25)]
    assert days.before() == Days(date(2026, 2, 12), date(2026, 2, 24))


@given(st.dates(date(2020, 1, 1), date(2026, 1, 1)), st.integers(1, 800))
def test_the_spans_of_a_range_are_its_days_each_once(first: date, count: int) -> None:
    days = Days(first, first + timedelta(days=count - 1))
    covered: list[date] = []
    for span, start, end in pieces(days):
        assert start <= end
        if span == MONTH:
            assert start.day == end.day == 1
            end = months_after(end, 1) - timedelta(days=1)
        else:
            assert span == DAY
        covered.extend(start + timedelta(days=offset) for offset in range((end - start).days + 1))
    assert covered == [first + timedelta(days=offset) for offset in range(count)]
    months = sum((end - start).days for span, start, end in pieces(days) if span == DAY)
    assert months < 62
