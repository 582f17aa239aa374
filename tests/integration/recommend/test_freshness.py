"""What someone does shows in their next list, and within a second in those of another worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sanset.v1 import behavior_pb2
from sanset.v1 import recommend_pb2 as pb
from support import recommend_data as data
from support.raw_event import RawEvent
from support.recommend_worker import Worker, customer, running

from server.cart import service as carts
from server.cart.owner import Member
from server.cart.service import Addition
from server.clock import utc_now
from server.events.log import ORDER, publish
from server.pricing.prices import PriceRules
from server.recommend.registry import probe
from server.settings import Settings

pytestmark = pytest.mark.either

TRIALS = 10
PROMISED_SECONDS = 1.0

Deed = Callable[[Worker, int, list[int]], Awaitable[Callable[[list[int]], bool]]]
"""Does something as a user who was shown a list; returns what tells whether a list shows it."""


@pytest.fixture(autouse=True)
def _proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each worker the child that proves the model: the tests of training have it proven."""
    monkeypatch.setattr(probe, "prove", lambda path, key: None)


async def _shown(worker: Worker, user_id: int, visitor_id: str = "") -> list[int]:
    asked = pb.GetRecommendationsRequest(limit=100, visitor_id=visitor_id)
    found = await worker.call("GetRecommendations", asked, customer(user_id) if user_id else None)
    return [item.product_id for item in found.items]


async def _track(worker: Worker, product_id: int, *, user_id: int = 0, visitor_id: str = "") -> Any:
    events = [behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=product_id)]
    request = behavior_pb2.TrackEventRequest(events=events, visitor_id=visitor_id)
    return await worker.call("TrackEvent", request, customer(user_id) if user_id else None)


async def _look(worker: Worker, user_id: int, before: list[int]) -> Callable[[list[int]], bool]:
    await _track(worker, before[-1], user_id=user_id)
    return lambda after: after != before


async def _visit(worker: Worker, user_id: int, before: list[int]) -> Callable[[list[int]], bool]:
    await _track(worker, before[-1], visitor_id=f"visitor-{user_id}")
    return lambda after: after != before


async def _add(worker: Worker, user_id: int, before: list[int]) -> Callable[[list[int]], bool]:
    with worker.db.transaction() as tx:
        wanted, added = Addition(before[0], None, 1), partial(worker.tracker.added_to_cart, "")
        carts.add_item(tx, Member(user_id), wanted, added, PriceRules.of(worker.settings), utc_now())
    await asyncio.sleep(0)  # the commit has handed its event to the loop
    return lambda after: before[0] not in after


async def _buy(worker: Worker, user_id: int, before: list[int]) -> Callable[[list[int]], bool]:
    with worker.db.transaction() as tx:
        order_id = data.place_order(tx, user_id, [before[0]], utc_now(), "CONFIRMED")
        publish(tx, RawEvent(ORDER, str(order_id), {"user_id": user_id, "status": "CONFIRMED"}))
    await asyncio.sleep(0)
    return lambda after: before[0] not in after


@pytest.mark.parametrize("deed", [_look, _visit, _add, _buy])
def test_what_is_done_shows_in_the_next_list_and_elsewhere_within_a_second(
    modelled: Settings, deed: Deed
) -> None:
    async def run() -> None:
        async with running(modelled) as here, running(modelled) as there:
            for user_id in range(1, TRIALS + 1):
                who = (0, f"visitor-{user_id}") if deed is _visit else (user_id, "")
                before = await _shown(here, *who)
                assert await _shown(there, *who) == before
                shows = await deed(here, user_id, before)
                done = time.monotonic()
                assert shows(await _shown(here, *who)), "the very next call"
                while not shows(await _shown(there, *who)):
                    assert time.monotonic() - done < PROMISED_SECONDS
                    await asyncio.sleep(0.005)

    asyncio.run(run())
