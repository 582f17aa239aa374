"""Reports that arrive together are recorded together, and none suffers for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy.exc import IntegrityError, OperationalError

from server.db.deadline import Deadline
from server.errors import OutOfTime, Overloaded, UnavailableNow
from server.recommend.feedback import reports as module
from server.recommend.feedback.reports import Reports
from server.recommend.feedback.tracking import BehaviorReport, EventActor, TrackingResult

BAD = 13


class Desk:
    """Stands for the tracker and the database: notes what each transaction recorded."""

    def __init__(self, error: Exception | None = None) -> None:
        self.transactions: list[list[int]] = []
        self.error = error
        self.seconds = 0.0
        """What a transaction takes."""
        self.ends = asyncio.Event()
        """When set, the transactions of BAD end."""
        self.ends.set()
        self.reports = Reports(self, self)  # type: ignore[arg-type]  # doubles

    def track(self, tx: object, reports: Sequence[BehaviorReport]) -> list[TrackingResult]:
        """Record users, all but one whom the database refuses."""
        users = [report.actor.user_id or 0 for report in reports]
        if self.error is not None and BAD in users:
            raise self.error
        self.transactions.append(users)
        return [TrackingResult(user, []) for user in users]

    async def write(self, rule: Callable[..., Any], *args: Any, deadline: Deadline) -> Any:
        """Run a rule in a transaction that takes a moment."""
        await asyncio.sleep(0.005)
        if BAD in [report.actor.user_id for report in args[0]]:
            await self.ends.wait()
        if deadline.remaining < self.seconds:
            raise OutOfTime()
        return rule(None, *args)

    async def report(self, user_id: int, seconds: float = 20) -> int:
        """BehaviorReport something as a user, and return whose result came back."""
        result = await self.reports.record(BehaviorReport(EventActor(user_id), []), Deadline(seconds))
        return result.accepted


def test_reports_that_come_while_one_is_recorded_are_recorded_together() -> None:
    async def scenario() -> tuple[list[int], list[list[int]]]:
        desk = Desk()
        return await asyncio.gather(*(desk.report(user) for user in range(1, 41))), desk.transactions

    results, transactions = asyncio.run(scenario())
    assert results == list(range(1, 41))
    assert transactions == [list(range(1, 33)), list(range(33, 41))]


def test_one_that_cannot_be_recorded_fails_alone() -> None:
    async def scenario() -> list[int | BaseException]:
        desk = Desk(IntegrityError("INSERT", {}, Exception("no such user")))
        return await asyncio.gather(*map(desk.report, (1, BAD, 2)), return_exceptions=True)

    one, bad, two = asyncio.run(scenario())
    assert (one, two) == (1, 2)
    assert isinstance(bad, IntegrityError)


def test_who_has_time_does_not_fail_by_who_has_little() -> None:
    async def scenario() -> list[int | BaseException]:
        desk = Desk()
        desk.seconds = 5
        first = asyncio.create_task(desk.report(1))
        await asyncio.sleep(0)
        rest = (desk.report(user, 2 if user == BAD else 20) for user in (2, BAD, 3))
        return await asyncio.gather(first, *rest, return_exceptions=True)

    one, two, hurried, three = asyncio.run(scenario())
    assert (one, two, three) == (1, 2, 3)
    assert isinstance(hurried, OutOfTime)


@pytest.mark.parametrize("fault", [LockNotAvailable(), QueryCanceled()], ids=type)
def test_whose_visitor_is_locked_fails_alone(fault: psycopg.Error) -> None:
    async def scenario() -> list[int | BaseException]:
        desk = Desk(OperationalError("UPDATE", {}, fault))
        return await asyncio.gather(*map(desk.report, (1, BAD, 2)), return_exceptions=True)

    one, bad, two = asyncio.run(scenario())
    assert (one, two) == (1, 2)
    assert isinstance(bad, OperationalError)


def test_what_may_have_been_committed_is_not_repeated() -> None:
    async def scenario() -> tuple[list[int | BaseException], list[list[int]]]:
        desk = Desk(UnavailableNow())
        return await asyncio.gather(*map(desk.report, (1, BAD, 2)), return_exceptions=True), desk.transactions

    results, transactions = asyncio.run(scenario())
    assert [type(each) for each in results] == [UnavailableNow] * 3
    assert transactions == []


def test_who_has_little_time_is_recorded_alone_and_who_has_gone_not_at_all() -> None:
    async def scenario() -> list[list[int]]:
        desk = Desk()
        first = asyncio.create_task(desk.report(1))
        await asyncio.sleep(0)
        rest = [asyncio.create_task(desk.report(user, 0.5 if user == 3 else 20)) for user in (2, 3, 4, 5)]
        await asyncio.sleep(0)
        rest[0].cancel()
        await asyncio.gather(first, *rest[1:])
        return desk.transactions

    assert asyncio.run(scenario()) == [[1], [3], [4, 5]]


def test_who_has_little_time_takes_none_of_the_others() -> None:
    async def scenario() -> tuple[bool, int]:
        desk = Desk()
        desk.ends.clear()
        first = asyncio.create_task(desk.report(1))
        await asyncio.sleep(0)
        hurried = asyncio.create_task(desk.report(BAD, 0.5))
        other = await desk.report(2)
        hangs = not hurried.done()
        desk.ends.set()
        await asyncio.gather(first, hurried)
        return hangs, other

    assert asyncio.run(scenario()) == (True, 2)


def test_too_many_that_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)

    async def scenario() -> list[int | BaseException]:
        desk = Desk()
        return await asyncio.gather(*map(desk.report, (1, 2, 3)), return_exceptions=True)

    *recorded, refused = asyncio.run(scenario())
    assert recorded == [1, 2]
    assert isinstance(refused, Overloaded)
