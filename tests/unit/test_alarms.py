"""Alarms: they ring in the order of their times, and leave nothing behind when they are cancelled."""

from __future__ import annotations

import asyncio

from server.alarms import MIN_CANCELLED, Alarms


def test_alarms_ring_in_their_order_whenever_they_were_set() -> None:
    async def scenario() -> list[str]:
        alarms, rung, over = Alarms(), list[str](), asyncio.Event()
        alarms.set(0.03, over.set)
        alarms.set(0.02, lambda: rung.append("second"))
        alarms.set(0.01, lambda: rung.append("first"))
        alarms.set(-1, lambda: rung.append("at once"))
        alarms.set(0.015, lambda: rung.append("never")).cancel()
        await over.wait()
        return rung

    assert asyncio.run(scenario()) == ["at once", "first", "second"]


def test_an_alarm_may_set_and_cancel_others() -> None:
    async def scenario() -> list[str]:
        alarms, rung, over = Alarms(), list[str](), asyncio.Event()
        never = alarms.set(0.02, lambda: rung.append("never"))
        alarms.set(0.01, never.cancel)
        alarms.set(0.01, lambda: alarms.set(0, lambda: rung.append("set later")))
        alarms.set(0.05, over.set)
        await over.wait()
        never.cancel()  # once more
        return rung

    assert asyncio.run(scenario()) == ["set later"]


def test_an_alarm_that_fails_keeps_no_other_from_ringing() -> None:
    async def scenario() -> list[object]:
        alarms, over, failures = Alarms(), asyncio.Event(), list[object]()
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: failures.append(context["exception"])
        )
        alarms.set(0, lambda: [].index(1))
        alarms.set(0, over.set)
        async with asyncio.timeout(60):
            await over.wait()
        return failures

    (failure,) = asyncio.run(scenario())
    assert isinstance(failure, ValueError)


def test_what_is_set_and_cancelled_for_ever_takes_no_room() -> None:
    async def scenario() -> int:
        alarms = Alarms()
        for _ in range(100 * MIN_CANCELLED):
            alarms.set(3600, lambda: None).cancel()
        return len(alarms._waiting)

    assert asyncio.run(scenario()) <= 2 * MIN_CANCELLED
