"""The tracking stream on its own: slow readers, doubled and missing steps, without a database or a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from server.events.order_steps import OrderStepped, Step
from server.order.tracking import MAX_WAITING, End, Heartbeat, Message, Reconnect, StepsSoFar, Tracking

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ORDER_ID = 7


class Wire:
    """Stands in for the follower: hands the listener what a test tells."""

    def __init__(self) -> None:
        self.listener: Callable[[OrderStepped], None] = lambda event: None

    def on(self, kind: type[OrderStepped], listener: Callable[[OrderStepped], None]) -> None:
        """Take the one listener there is."""
        self.listener = listener

    def tell(self, step: Step) -> None:
        """Announce a step."""
        self.listener(OrderStepped(order_id=ORDER_ID, user_id=1, step=step))


class Shop:
    """An order's history as the database has it, and a tracking beside it."""

    def __init__(self, steps: int = 1, **changes: float) -> None:
        self.history = [step(sequence) for sequence in range(1, steps + 1)]
        self.reads = 0
        self.wire = Wire()
        self.tracking = Tracking(**{"heartbeat_seconds": 30.0, "lifetime_seconds": 600.0} | changes)
        self.tracking.attach(self.wire)  # type: ignore[arg-type]  # a double

    async def read(self, after: int) -> StepsSoFar:
        """The history after a sequence."""
        self.reads += 1
        last = self.history[-1]
        return StepsSoFar(last.status, last.sequence, [one for one in self.history if one.sequence > after])

    def take(self, status: str = "PROCESSING", *, told: bool = True) -> Step:
        """Take the next step, and tell of it."""
        taken = step(len(self.history) + 1, status)
        self.history.append(taken)
        if told:
            self.wire.tell(taken)
        return taken

    def watch(self, after: int = 0) -> Any:
        """Open a stream."""
        return self.tracking.watch(ORDER_ID, after, self.read)


def step(sequence: int, status: str = "PROCESSING") -> Step:
    """A step."""
    return Step(sequence, status, "", "", None, NOW)


async def gather(stream: Any) -> list[Message]:
    """Everything that a stream brings."""
    async with asyncio.timeout(20):
        return [message async for message in stream]


def sequences(messages: list[Message]) -> list[int]:
    """The sequences of the steps among messages."""
    return [message.sequence for message in messages if isinstance(message, Step)]


def test_a_reader_that_falls_behind_gets_the_missed_steps_from_the_database() -> None:
    async def scenario() -> tuple[list[Message], int]:
        shop = Shop()
        stream = shop.watch()
        first = await anext(stream)
        for _ in range(3 * MAX_WAITING):
            shop.take()
        shop.take("DELIVERED")
        return [first, *await gather(stream)], shop.reads

    messages, reads = asyncio.run(scenario())
    assert sequences(messages) == list(range(1, 3 * MAX_WAITING + 3))
    assert messages[-1] == End("DELIVERED", 3 * MAX_WAITING + 2)
    assert reads == 2


def test_what_waits_for_a_slow_reader_is_bounded() -> None:
    async def scenario() -> int:
        shop = Shop()
        stream = shop.watch()
        await anext(stream)
        for _ in range(10 * MAX_WAITING):
            shop.take()
        [watcher] = shop.tracking._watchers[ORDER_ID]
        waiting = len(watcher.steps)
        await stream.aclose()
        return waiting

    assert asyncio.run(scenario()) == MAX_WAITING


def test_a_step_told_twice_is_sent_once() -> None:
    async def scenario() -> list[Message]:
        shop = Shop()
        stream = shop.watch()
        first = await anext(stream)
        for taken in (shop.take(), shop.take(), shop.take("DELIVERED")):
            shop.wire.tell(taken)
        return [first, *await gather(stream)]

    assert sequences(asyncio.run(scenario())) == [1, 2, 3, 4]


def test_steps_told_in_the_wrong_order_are_sent_in_the_right_one() -> None:
    async def scenario() -> list[Message]:
        shop = Shop()
        stream = shop.watch()
        first = await anext(stream)
        second, third, last = shop.take(told=False), shop.take(told=False), shop.take("DELIVERED", told=False)
        for taken in (last, second, third):
            shop.wire.tell(taken)
        return [first, *await gather(stream)]

    assert sequences(asyncio.run(scenario())) == [1, 2, 3, 4]


def test_a_step_that_was_never_told_is_read_when_the_next_one_comes() -> None:
    async def scenario() -> list[Message]:
        shop = Shop()
        stream = shop.watch()
        first = await anext(stream)
        shop.take(told=False)
        shop.take("DELIVERED")
        return [first, *await gather(stream)]

    assert sequences(asyncio.run(scenario())) == [1, 2, 3]


def test_a_step_taken_while_the_history_is_read_is_not_lost() -> None:
    class Racing(Shop):
        async def read(self, after: int) -> StepsSoFar:
            answer = await super().read(after)
            if self.reads == 1:
                self.take("DELIVERED")  # after the read, before its answer arrives
            return answer

    messages = asyncio.run(gather(Racing(steps=2).watch()))
    assert sequences(messages) == [1, 2, 3]
    assert messages[-1] == End("DELIVERED", 3)


def test_a_history_with_a_hole_is_sent_as_it_is_and_not_read_for_ever() -> None:
    async def scenario() -> tuple[list[Message], int]:
        shop = Shop(steps=4)
        del shop.history[1]
        shop.history.append(step(5, "DELIVERED"))
        return await gather(shop.watch()), shop.reads

    messages, reads = asyncio.run(scenario())
    assert (sequences(messages), reads) == ([1, 3, 4, 5], 1)


def test_a_quiet_stream_beats_and_ends_with_its_resume_point() -> None:
    messages = asyncio.run(gather(Shop(steps=2, heartbeat_seconds=0.01, lifetime_seconds=0.05).watch()))
    assert sequences(messages) == [1, 2]
    assert Heartbeat() in messages
    assert messages[-1] == Reconnect(2, "The stream has lived long enough.")


def test_a_drain_ends_streams_that_wait_and_streams_that_come_later() -> None:
    async def scenario() -> tuple[list[Message], list[Message], int]:
        shop = Shop(steps=2)
        waiting = asyncio.create_task(gather(shop.watch()))
        await asyncio.sleep(0.01)
        shop.tracking.drain()
        return await waiting, await gather(shop.watch(1)), shop.tracking.open_streams

    waited, late, still_open = asyncio.run(scenario())
    assert [type(message) for message in waited] == [Step, Step, Reconnect]
    assert [type(message) for message in late] == [Step, Reconnect]
    assert still_open == 0
