"""Turns: callers are served in turn, nobody holds all threads, and who would wait too long is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from server.db.turns import Turn, Turns
from server.errors import Overloaded


class Desk:
    """Turns, and the order in which they were taken."""

    def __init__(self, threads: int, max_wait_seconds: float = 60) -> None:
        self.turns = Turns(threads, max_wait_seconds)
        self.taken: list[object] = []
        self.held: list[Turn] = []
        self.tasks: list[asyncio.Task[Turn]] = []

    async def ask(self, owner: object, times: int = 1, *, again: bool = False) -> None:
        """Ask for so many turns."""
        for _ in range(times):
            self.tasks.append(asyncio.create_task(self._take(owner, again)))
        await asyncio.sleep(0)

    async def _take(self, owner: object, again: bool) -> Turn:
        turn = await self.turns.take(owner, again=again, within=60)
        self.taken.append(owner)
        self.held.append(turn)
        return turn

    async def give_back(self) -> None:
        """End the turn that was taken first."""
        self.turns.give_back(self.held.pop(0))
        await asyncio.sleep(0.001)

    async def close(self) -> None:
        """Send away who waits."""
        self.turns.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def _told(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_one_caller_holds_half_of_the_threads_and_the_others_go_first_in_their_turn() -> None:
    async def story() -> None:
        desk = Desk(4)
        await desk.ask("flood", 100)
        assert desk.taken == ["flood"] * 2
        await desk.ask("ann")
        await desk.ask("bob", 2)
        assert desk.taken == ["flood", "flood", "ann", "bob"]
        for _ in range(4):
            await desk.give_back()
        assert desk.taken[4:] == ["flood", "bob", "flood"]
        await desk.close()

    _told(story())


def test_callers_who_wait_are_served_in_turn_however_many_calls_they_made() -> None:
    async def story() -> None:
        desk = Desk(1)
        await desk.ask("first")
        await desk.ask("flood", 50)
        await desk.ask("ann", 2)
        await desk.ask("bob")
        for _ in range(5):
            await desk.give_back()
        assert desk.taken == ["first", "flood", "ann", "bob", "flood", "ann"]
        await desk.close()

    _told(story())


def test_work_that_comes_again_for_a_row_leaves_three_quarters_of_the_threads_to_others() -> None:
    async def story() -> None:
        desk = Desk(8)
        for buyer in range(20):
            await desk.ask(f"buyer {buyer}", again=True)
        assert len(desk.taken) == 2
        await desk.ask("ann")
        assert desk.taken[-1] == "ann"
        await desk.give_back()
        assert len(desk.taken) == 4
        await desk.close()

    _told(story())


def test_the_shops_own_work_may_hold_every_thread() -> None:
    async def story() -> None:
        desk = Desk(4)
        await desk.ask(None, 5)
        assert desk.taken == [None] * 4
        await desk.close()

    _told(story())


def test_what_would_wait_too_long_is_refused_at_once_and_only_for_the_caller_whose_line_it_is() -> None:
    async def story() -> None:
        desk = Desk(1, max_wait_seconds=0.05)
        await desk.ask("first")
        await asyncio.sleep(0.2)
        await desk.give_back()  # the running mean of the time for which a thread is held: 0.2 s × 0.05
        desk.turns.refuse_the_hopeless("flood")
        await desk.ask("flood", 20)
        with pytest.raises(Overloaded) as caught:
            desk.turns.refuse_the_hopeless("flood")
        assert caught.value.retry_after_seconds
        desk.turns.refuse_the_hopeless("ann")
        await desk.close()

    _told(story())


def test_a_line_that_does_not_end_shortens_the_wait_and_one_that_ended_does_not() -> None:
    async def story() -> None:
        desk = Desk(1, max_wait_seconds=0.05)
        await desk.ask("first")
        assert desk.turns.patience == 0.05
        await desk.ask("ann")
        assert desk.turns.patience == 0.05
        await asyncio.sleep(0.06)
        assert desk.turns.patience == pytest.approx(0.005)
        await desk.give_back()
        assert desk.turns.patience == 0.05
        await desk.close()

    _told(story())


def test_who_gives_up_leaves_the_line_and_no_thread_is_lost() -> None:
    async def story() -> None:
        desk = Desk(1)
        await desk.ask("first")
        for again in (False, True):
            with pytest.raises(TimeoutError):
                await desk.turns.take("ann", again=again, within=0.001)
        assert desk.turns.waiting == 0
        await desk.ask("bob")
        desk.tasks[-1].cancel()  # and does not know it yet when the thread comes free
        await desk.give_back()
        await desk.ask("cleo")
        assert desk.taken == ["first", "cleo"]
        await desk.close()

    _told(story())
