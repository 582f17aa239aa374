"""TrackEvent: what is kept, what is dropped with a reason, and who did it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import behavior_pb2
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import Row, func, select
from sqlalchemy.exc import IntegrityError
from support import recommend_data as data
from support.recommend_worker import Worker, customer, running

from server.clock import utc_now
from server.errors import InvalidField
from server.events.models import Event
from server.identity import Identity
from server.recommend.feedback.errors import TooManyEvents
from server.recommend.feedback.models import BehaviorEvent
from server.settings import Settings

pytestmark = pytest.mark.either

VIEW, SEARCH = behavior_pb2.BehaviorEvent.VIEW, behavior_pb2.BehaviorEvent.SEARCH


def track(
    settings: Settings,
    events: Sequence[behavior_pb2.BehaviorEvent],
    *,
    caller: Identity | None = None,
    visitor_id: str = "",
) -> tuple[behavior_pb2.TrackEventResponse, Sequence[Row[Any]], int]:
    """Send events; return the reply, the rows that were written, and how many events announced them."""

    async def run() -> tuple[behavior_pb2.TrackEventResponse, Sequence[Row[Any]], int]:
        async with running(settings) as worker:
            request = behavior_pb2.TrackEventRequest(events=events, visitor_id=visitor_id)
            reply = await worker.call("TrackEvent", request, caller)
            return reply, *_written(worker)

    return asyncio.run(run())


def _written(worker: Worker) -> tuple[Sequence[Row[Any]], int]:
    with worker.db.read() as connection:
        rows = connection.execute(select(*BehaviorEvent.__table__.columns).order_by(BehaviorEvent.id)).all()
        told = select(func.count()).select_from(Event).where(Event.topic == "behavior")
        return rows, connection.scalar(told) or 0


def test_a_customers_events_are_theirs_and_announced_once(settings: Settings) -> None:
    events = [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=i) for i in (1, 2)]
    events.append(behavior_pb2.BehaviorEvent(kind=SEARCH, query="espresso"))
    reply, rows, told = track(settings, events, caller=customer(3))
    assert (reply.accepted_count, list(reply.errors)) == (3, [])
    assert [(row.user_id, row.kind, row.product_id, row.query) for row in rows] == [
        (3, "VIEW", 1, ""),
        (3, "VIEW", 2, ""),
        (3, "SEARCH", None, "espresso"),
    ]
    assert told == 1


@pytest.mark.both
def test_of_reports_that_come_at_once_one_that_cannot_be_kept_fails_alone(settings: Settings) -> None:
    """The account of the last caller was deleted."""
    callers, gone = [customer(number) for number in range(1, 21)], customer(999_999)
    request = behavior_pb2.TrackEventRequest(events=[behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1)])

    async def run() -> tuple[list[Any], Sequence[Row[Any]], int]:
        async with running(settings) as worker:
            calls = [
                worker.call("TrackEvent", request, caller) for caller in (*callers[:10], gone, *callers[10:])
            ]
            replies = await asyncio.gather(*calls, return_exceptions=True)
            return replies, *_written(worker)

    replies, rows, told = asyncio.run(run())
    refused = replies.pop(10)
    assert isinstance(refused, IntegrityError)
    assert [reply.accepted_count for reply in replies] == [1] * 20
    assert sorted(row.user_id for row in rows) == list(range(1, 21))
    assert told == 20


def test_what_a_customer_does_is_not_tied_to_the_visitor_they_were(settings: Settings) -> None:
    events = [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1)]
    _, rows, _ = track(settings, events, caller=customer(3), visitor_id="visitor-1")
    assert [(row.user_id, row.visitor_id) for row in rows] == [(3, None)]


@pytest.mark.parametrize("visitor_id", ["visitor-1", "v" * 64])
def test_a_visitors_events_carry_their_id(settings: Settings, visitor_id: str) -> None:
    reply, rows, told = track(
        settings, [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1)], visitor_id=visitor_id
    )
    assert reply.accepted_count == 1
    assert [(row.user_id, row.visitor_id) for row in rows] == [(None, visitor_id)]
    assert told == 1


def test_a_nameless_visitor_is_refused(settings: Settings) -> None:
    with pytest.raises(InvalidField, match="visitor_id"):
        track(settings, [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1)])


def test_events_that_cannot_be_taken_are_named_and_the_others_kept(settings: Settings) -> None:
    events = [
        behavior_pb2.BehaviorEvent(kind=VIEW),
        behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1),
        behavior_pb2.BehaviorEvent(kind=VIEW, product_id=2**62),
        behavior_pb2.BehaviorEvent(kind=SEARCH, query="mugs"),
        behavior_pb2.BehaviorEvent(kind=SEARCH, product_id=2**62, query="beans"),
    ]
    reply, rows, told = track(settings, events, caller=customer(3))
    assert reply.accepted_count == 2
    assert [(error.index, error.message) for error in reply.errors] == [
        (0, "product_id: is required for VIEW"),
        (2, f"There is no product {2**62}."),
        (4, f"There is no product {2**62}."),
    ]
    assert [row.query for row in rows] == ["", "mugs"]
    assert told == 1


def test_when_nothing_can_be_taken_nothing_is_written(settings: Settings) -> None:
    reply, rows, told = track(settings, [behavior_pb2.BehaviorEvent(kind=VIEW)], caller=customer(3))
    assert reply.accepted_count == 0
    assert not rows
    assert not told


def test_a_time_to_come_is_now_and_a_past_one_is_kept(settings: Settings) -> None:
    past, future = Timestamp(), Timestamp()
    past.FromDatetime(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    future.FromDatetime(utc_now() + timedelta(days=400))
    events = [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1, time=time) for time in (past, future)]
    events.append(behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1))
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
                behavior_pb2.BehaviorEvent(
                    kind=behavior_pb2.BehaviorEvent.CLICK, product_id=1, attribution_token=token
                )
                for token in (found.attribution_token, forged, "nonsense")
            ]
            reply = await worker.call(
                "TrackEvent", behavior_pb2.TrackEventRequest(events=events), customer(3)
            )
            rows, _ = _written(worker)
            assert reply.accepted_count == 3
            told = worker.attributions.read(found.attribution_token)
            assert told is not None
            assert [(row.list_id, row.model_version) for row in rows] == [
                (told.list_id, told.model_version),
                (None, ""),
                (None, ""),
            ]

    asyncio.run(run())


@pytest.mark.both
@pytest.mark.parametrize(("visitor_id", "budget"), [("", 3), ("visitor-1", 4)])
def test_the_number_of_queries_does_not_grow_with_the_events(
    settings: Settings, visitor_id: str, budget: int
) -> None:
    async def statements(count: int) -> Sequence[str]:
        async with running(settings) as worker:
            worker.statements.clear()
            events = [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=i % 18 + 1) for i in range(count)]
            request = behavior_pb2.TrackEventRequest(events=events, visitor_id=visitor_id)
            await worker.call("TrackEvent", request, customer(3))
            return [text for text in worker.statements if "behavior" in text or "products" in text]

    for count in (1, 100):
        asked = [text for text in asyncio.run(statements(count)) if not text.startswith("NOTIFY")]
        # The event's row, which stands without these words when a single one is written with it
        assert len(asked) <= budget, asked


def test_a_visitors_origin_is_a_hash_and_a_customer_has_none(settings: Settings) -> None:
    view = [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1)]
    _, rows, _ = track(settings, view, visitor_id="visitor-1")
    assert len(rows[0].origin) == 16
    assert int(rows[0].origin, 16)
    _, rows, _ = track(settings, view, caller=customer(3))
    assert rows[-1].origin == ""


@pytest.mark.parametrize("caller", [customer(3), None])
def test_a_flood_is_refused_whole_and_says_when_to_come_back(
    settings: Settings, caller: Identity | None
) -> None:
    small = settings.model_copy(update={"events_per_minute": 120})
    batch = [behavior_pb2.BehaviorEvent(kind=VIEW, product_id=1)] * 100
    visitor_id = "" if caller else "visitor-1"

    async def run() -> None:
        async with running(small) as worker:
            request = behavior_pb2.TrackEventRequest(events=batch, visitor_id=visitor_id)
            reply = await worker.call("TrackEvent", request, caller)
            assert reply.accepted_count == 100
            with pytest.raises(TooManyEvents) as caught:
                await worker.call("TrackEvent", request, caller)
            assert caught.value.retry_after_seconds == 40
            assert len(_written(worker)[0]) == 100
            other = behavior_pb2.TrackEventRequest(events=batch, visitor_id="visitor-2")
            assert (await worker.call("TrackEvent", other, None)).accepted_count == 100

    asyncio.run(run())
