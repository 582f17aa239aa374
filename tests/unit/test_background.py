"""Loops beside the calls: when they step, what a failure costs them, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from server.background import WHEN_WOKEN, BackgroundLoop, backoff

LONG = timedelta(hours=1)
SHORT = timedelta(milliseconds=1)


class Steps:
    """Counts steps, and answers with what it is given: a rest, or a failure."""

    def __init__(self, *outcomes: timedelta | Exception | None) -> None:
        self.count = 0
        self._outcomes = list(outcomes)

    async def __call__(self) -> timedelta | None:
        self.count += 1
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the step has no event of ours
            await asyncio.sleep(0.001)


def test_it_steps_at_once_and_again_after_its_rest() -> None:
    async def main() -> None:
        steps = Steps(SHORT, SHORT, LONG)
        loop = BackgroundLoop("test", steps, every=LONG)
        loop.start()
        await _until(lambda: steps.count == 3)
        await asyncio.sleep(0.02)
        assert steps.count == 3
        await loop.stop()

    asyncio.run(main())


def test_it_can_begin_after_a_while() -> None:
    async def main() -> None:
        steps = Steps()
        loop = BackgroundLoop("test", steps, every=LONG)
        loop.start(after=LONG)
        await asyncio.sleep(0.02)
        assert steps.count == 0
        await loop.stop()

    asyncio.run(main())


def test_one_that_begins_after_a_while_begins_when_it_is_woken() -> None:
    async def main() -> None:
        steps = Steps()
        loop = BackgroundLoop("test", steps, every=WHEN_WOKEN)
        loop.start(after=WHEN_WOKEN)
        await asyncio.sleep(0.02)
        assert steps.count == 0
        loop.wake()
        await _until(lambda: steps.count == 1)
        await asyncio.sleep(0.02)
        assert steps.count == 1
        await loop.stop()

    asyncio.run(main())


def test_what_wakes_it_before_it_is_started_counts() -> None:
    async def main() -> None:
        steps = Steps()
        loop = BackgroundLoop("test", steps, every=WHEN_WOKEN)
        loop.wake()
        loop.start(after=WHEN_WOKEN)
        await _until(lambda: steps.count == 1)
        await loop.stop()

    asyncio.run(main())


def test_finishing_lets_the_step_end_and_begins_no_other() -> None:
    async def main() -> None:
        started, ended = asyncio.Event(), 0

        async def step() -> None:
            nonlocal ended
            started.set()
            await asyncio.sleep(0.05)
            ended += 1

        loop = BackgroundLoop("test", step, every=timedelta())
        loop.start()
        await started.wait()
        await loop.finish()
        await asyncio.sleep(0.1)
        assert ended == 1

    asyncio.run(main())


def test_finishing_one_that_rests_ends_at_once() -> None:
    async def main() -> None:
        steps = Steps()
        loop = BackgroundLoop("test", steps, every=LONG)
        loop.start()
        await _until(lambda: steps.count == 1)
        async with asyncio.timeout(1):
            await loop.finish()
        assert steps.count == 1

    asyncio.run(main())


def test_waking_ends_the_rest_but_not_the_pause() -> None:
    async def main() -> None:
        steps = Steps()
        loop = BackgroundLoop("test", steps, every=LONG, pause=timedelta(seconds=0.2))
        loop.start()
        await _until(lambda: steps.count == 1)
        loop.wake()
        loop.wake()
        await asyncio.sleep(0.05)
        assert steps.count == 1
        await _until(lambda: steps.count == 2)
        await loop.stop()

    asyncio.run(main())


def test_what_wakes_it_during_a_step_counts_for_the_next() -> None:
    async def main() -> None:
        steps = 0

        async def step() -> None:
            nonlocal steps
            steps += 1
            if steps == 1:
                loop.wake()

        loop = BackgroundLoop("test", step, every=LONG)
        loop.start()
        await _until(lambda: steps == 2)
        await loop.stop()

    asyncio.run(main())


def test_a_failure_is_tried_again_and_ends_nothing() -> None:
    async def main() -> None:
        steps = Steps(RuntimeError("away"), RuntimeError("away"), None)
        loop = BackgroundLoop("test", steps, every=LONG, first_retry=SHORT, max_retry=SHORT)
        loop.start()
        await _until(lambda: steps.count == 3)
        await asyncio.sleep(0.02)
        assert steps.count == 3
        await loop.stop()

    asyncio.run(main())


def test_stopping_cancels_the_step_that_runs() -> None:
    async def main() -> None:
        cancelled = asyncio.Event()
        started = asyncio.Event()

        async def step() -> None:
            started.set()
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()

        loop = BackgroundLoop("test", step, every=SHORT)
        loop.start()
        await started.wait()
        await loop.stop()
        assert cancelled.is_set()

    asyncio.run(main())


def test_a_cancellation_that_a_step_loses_stops_it_all_the_same() -> None:
    async def main() -> None:
        steps = 0

        async def step() -> None:
            nonlocal steps
            steps += 1
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return

        loop = BackgroundLoop("test", step, every=timedelta())
        loop.start()
        await _until(lambda: steps == 1)
        await loop.stop()
        await asyncio.sleep(0.02)
        assert steps == 1

    asyncio.run(main())


def test_stopping_what_never_started_does_nothing() -> None:
    async def main() -> None:
        await BackgroundLoop("test", Steps(), every=LONG).stop()

    asyncio.run(main())


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 3), (3, 9), (4, 20), (10_000, 20)])
def test_the_wait_grows_to_its_limit(attempts: int, seconds: float) -> None:
    wait = backoff(attempts, timedelta(seconds=1), timedelta(seconds=20)).total_seconds()
    assert 0.8 * seconds <= wait <= 1.2 * seconds
