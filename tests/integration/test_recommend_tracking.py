"""TrackEvent: what is kept, what is dropped with a reason, and who did it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import recommend_data as data
from google.protobuf.timestamp_pb2 import Timestamp
from recommend_fixtures import settings
from recommend_worker import Worker, customer, running
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import Row, func, select

from server.clock import utc_now
from server.errors import InvalidField
from server.events.models import Event
from server.recommend.models import BehaviorEvent
from server.rpc.identity import Identity
from server.settings import Settings

__all__ = ["settings"]

VIEW, SEARCH = pb.BehaviorEvent.VIEW, pb.BehaviorEvent.SEARCH


def track(
    settings: Settings,
    events: Sequence[pb.BehaviorEvent],
    *,
    caller: Identity | None = None,
    visitor_id: str = "",
) -> tuple[pb.TrackEventResponse, Sequence[Row[Any]], int]:
    """Send events; return the reply, the rows that were written, and how many events announced them."""

    async def run() -> tuple[pb.TrackEventResponse, Sequence[Row[Any]], int]:
        async with running(settings) as worker:
            request = pb.TrackEventRequest(events=events, visitor_id=visitor_id)
            reply = await worker.call("TrackEvent", request, caller)
            return reply, *_written(worker)

    return asyncio.run(run())


def _written(worker: Worker) -> tuple[Sequence[Row[Any]], int]:
    with worker.db.read() as connection:
        rows = connection.execute(select(*BehaviorEvent.__table__.columns).order_by(BehaviorEvent.id)).all()
        told = select(func.count()).select_from(Event).where(Event.topic == "behavior")
        return rows, connection.scalar(told) or 0


def test_a_customers_events_are_theirs_and_announced_once(settings: Settings) -> None:
    events = [pb.BehaviorEvent(kind=VIEW, product_id=i) for i in (1, 2)]
    events.append(pb.BehaviorEvent(kind=SEARCH, query="espresso"))
    reply, rows, told = track(settings, events, caller=customer(3))
    assert (reply.accepted, list(reply.errors)) == (3, [])
    assert [(row.user_id, row.kind, row.product_id, row.query) for row in rows] == [
        (3, "VIEW", 1, ""),
        (3, "VIEW", 2, ""),
        (3, "SEARCH", None, "espresso"),
    ]
    assert told == 1


def test_what_a_customer_does_is_not_tied_to_the_visitor_they_were(settings: Settings) -> None:
    events = [pb.BehaviorEvent(kind=VIEW, product_id=1)]
    _, rows, _ = track(settings, events, caller=customer(3), visitor_id="visitor-1")
    assert [(row.user_id, row.visitor_id) for row in rows] == [(3, None)]


@pytest.mark.parametrize("visitor_id", ["visitor-1", "v" * 64])
def test_a_visitors_events_carry_their_id(settings: Settings, visitor_id: str) -> None:
    reply, rows, told = track(settings, [pb.BehaviorEvent(kind=VIEW, product_id=1)], visitor_id=visitor_id)
    assert reply.accepted == 1
    assert [(row.user_id, row.visitor_id) for row in rows] == [(None, visitor_id)]
    assert told == 1


def test_a_nameless_visitor_is_refused(settings: Settings) -> None:
    with pytest.raises(InvalidField, match="visitor_id"):
        track(settings, [pb.BehaviorEvent(kind=VIEW, product_id=1)])


def test_events_that_cannot_be_taken_are_named_and_the_others_kept(settings: Settings) -> None:
    events = [
        pb.BehaviorEvent(kind=VIEW),
        pb.BehaviorEvent(kind=VIEW, product_id=1),
        pb.BehaviorEvent(kind=VIEW, product_id=2**62),
        pb.BehaviorEvent(kind=SEARCH, query="mugs"),
        pb.BehaviorEvent(kind=SEARCH, product_id=2**62, query="beans"),
    ]
    reply, rows, told = track(settings, events, caller=customer(3))
    assert reply.accepted == 2
    assert [(error.index, error.message) for error in reply.errors] == [
        (0, "product_id is required for VIEW."),
        (2, f"There is no product {2**62}."),
        (4, f"There is no product {2**62}."),
    ]
    assert [row.query for row in rows] == ["", "mugs"]
    assert told == 1


def test_when_nothing_can_be_taken_nothing_is_written(settings: Settings) -> None:
    reply, rows, told = track(settings, [pb.BehaviorEvent(kind=VIEW)], caller=customer(3))
    assert reply.accepted == 0
    assert not rows
    assert not told


def test_a_time_to_come_is_now_and_a_past_one_is_kept(settings: Settings) -> None:
    past, future = Timestamp(), Timestamp()
    past.FromDatetime(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    future.FromDatetime(utc_now() + timedelta(days=400))
    events = [pb.BehaviorEvent(kind=VIEW, product_id=1, time=time) for time in (past, future)]
    events.append(pb.BehaviorEvent(kind=VIEW, product_id=1))
    _, rows, _ = track(settings, events, caller=customer(3))
    assert rows[0].occurred_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for row in rows[1:]:
        assert abs(row.occurred_at - utc_now()) < timedelta(seconds=30)


def test_only_our_own_attribution_tokens_are_kept(settings: Settings) -> None:
    async def run() -> None:
        async with running(settings) as worker:
            asked = pb.GetRecommendationsRequest()
            found = await worker.call("GetRecommendations", asked, customer(data.NEW_USER))
            forged = found.attribution_token[:-2] + "AA"
            events = [
                pb.BehaviorEvent(kind=pb.BehaviorEvent.CLICK, product_id=1, attribution_token=token)
                for token in (found.attribution_token, forged, "nonsense")
            ]
            reply = await worker.call("TrackEvent", pb.TrackEventRequest(events=events), customer(3))
            rows, _ = _written(worker)
            assert reply.accepted == 3
            assert [row.attribution_token for row in rows] == [found.attribution_token, "", ""]

    asyncio.run(run())


def test_the_number_of_queries_does_not_grow_with_the_events(settings: Settings) -> None:
    async def statements(count: int) -> int:
        async with running(settings) as worker:
            worker.statements.clear()
            events = [pb.BehaviorEvent(kind=VIEW, product_id=i % 18 + 1) for i in range(count)]
            await worker.call("TrackEvent", pb.TrackEventRequest(events=events), customer(3))
            return len([text for text in worker.statements if "product" in text or "INSERT" in text])

    assert asyncio.run(statements(100)) == asyncio.run(statements(1))
