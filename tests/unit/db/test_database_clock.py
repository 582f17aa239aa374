"""The database's clock, as a worker tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.clock import utc_now
from server.db.clock import DatabaseClock

A_MOMENT = timedelta(seconds=2)


def ahead(minutes: int) -> datetime:
    return utc_now() + timedelta(minutes=minutes)


def test_the_database_is_believed_whatever_the_worker_says() -> None:
    for minutes in (-11, 11):
        clock = DatabaseClock(lambda: utc_now().timestamp(), lambda minutes=minutes: ahead(minutes))
        assert abs(clock() - utc_now()) < A_MOMENT


def test_a_difference_that_may_be_the_answers_way_is_none() -> None:
    clock = DatabaseClock(lambda: utc_now().timestamp() - 0.1, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    own = datetime(2026, 1, 1, tzinfo=UTC)
    clock = DatabaseClock(lambda: own.timestamp() - 0.1, lambda: own)
    assert timedelta() <= clock() - own < A_MOMENT


def test_a_workers_clock_that_is_set_back_changes_nothing() -> None:
    own = [utc_now()]
    clock = DatabaseClock(lambda: utc_now().timestamp(), lambda: own[0])
    before = clock()
    own[0] -= timedelta(hours=1)
    assert timedelta() <= clock() - before < A_MOMENT


def test_while_the_database_is_away_the_last_answer_holds_and_before_it_the_workers_own() -> None:
    answers = [0.0]

    def ask() -> float:
        if not answers:
            raise ConnectionError
        return utc_now().timestamp() - 3600

    clock = DatabaseClock(ask, utc_now)
    answers.clear()
    assert abs(clock() - utc_now()) < A_MOMENT
    answers.append(0.0)
    clock.measure()
    answers.clear()
    clock.measure()
    assert abs(clock() - (utc_now() - timedelta(hours=1))) < A_MOMENT
