"""Tracking an order on one worker: history, live steps, the end, and what the stream itself says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from sanset.v1 import auth_pb2, model_pb2, model_service_pb2, order_service_pb2_grpc, tracking_pb2
from sanset.v1 import order_pb2 as pb
from sqlalchemy import insert
from support.running_shop import ADMIN, RunningShop, refusal, test_settings
from support.stream_reader import PATIENCE
from support.watcher import Watcher

from server.auth.tokens import AccessTokens
from server.clock import utc_now
from server.events.log import publish
from server.events.order_steps import Step
from server.order import queries
from server.order.steps import record
from server.recommend.training import runs
from server.recommend.training.models import TrainingRun

pytestmark = pytest.mark.either

BY_HAND = (pb.Order.PROCESSING, pb.Order.SHIPPED, pb.Order.DELIVERED)


def deliver(shop: RunningShop, order_id: int) -> None:
    """Move an order to its end."""
    for status in BY_HAND:
        shop.move(order_id, status)


def force(shop: RunningShop, order_id: int, before: str, after: str) -> None:
    """Take a step that no RPC takes yet."""
    now = utc_now()
    with shop.app.db.transaction() as tx:
        sequence = queries.advance(tx, order_id, before, after, now)
        assert sequence
        publish(tx, record(tx, order_id, None, Step(sequence, after, "", "", None, now)))


def wait_for_streams(shop: RunningShop, count: int) -> None:
    """Wait until the worker holds so many streams."""
    until = time.monotonic() + PATIENCE
    while shop.app.rooms.order.tracking.open_streams != count:
        assert time.monotonic() < until, shop.app.rooms.order.tracking.open_streams
        time.sleep(0.01)


def test_a_stream_shows_the_history_then_each_step_then_ends(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    watcher = Watcher(shop.orders, buyer, order.id).until_step(2)
    for sequence, status in enumerate(BY_HAND, start=3):
        shop.move(order.id, status, location=f"Depot {sequence}")
        watcher.until_step(sequence)
    watcher.until_end()
    assert watcher.kinds() == ["event"] * 5 + ["end"]
    assert watcher.steps == [1, 2, 3, 4, 5]
    assert watcher.statuses == ["PENDING_PAYMENT", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"]
    assert [message.event.location for message in watcher.messages[2:5]] == ["Depot 3", "Depot 4", "Depot 5"]
    end = watcher.messages[-1].end
    assert (end.status, end.sequence) == (pb.Order.DELIVERED, 5)


def test_a_live_step_is_the_same_as_the_one_read_later(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    live = Watcher(shop.orders, buyer, order.id).until_step(2)
    deliver(shop, order.id)
    live.until_end()
    assert Watcher(shop.orders, buyer, order.id).until_end().messages == live.messages
    request = tracking_pb2.GetTrackingRequest(order_id=order.id)
    tracking = shop.orders.GetTracking(request, metadata=buyer.metadata)
    assert [message.event for message in live.messages[:-1]] == list(tracking.events)


@pytest.mark.either
@pytest.mark.parametrize("after", range(6))
def test_a_stream_resumes_at_each_point_of_the_past(shop: RunningShop, after: int) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    deliver(shop, order.id)
    watcher = Watcher(shop.orders, buyer, order.id, after).until_end()
    assert watcher.steps == list(range(after + 1, 6))
    assert watcher.messages[-1].end.sequence == 5


def test_a_stream_cut_after_each_step_loses_and_doubles_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    seen: list[int] = []
    for sequence, status in enumerate((None, None, *BY_HAND), start=1):
        watcher = Watcher(shop.orders, buyer, order.id, after=len(seen))
        if status:
            shop.move(order.id, status)
        watcher.until_step(sequence).cancel()
        seen += [step for step in watcher.steps if step == sequence]
        assert watcher.steps[0] == sequence
    assert seen == [1, 2, 3, 4, 5]
    assert Watcher(shop.orders, buyer, order.id, after=5).until_end().kinds() == ["end"]


def test_a_cancelled_order_ends_its_stream(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token="tok_decline")
    [order] = shop.placed_by(buyer)
    watcher = Watcher(shop.orders, buyer, order.id).until_end()
    assert watcher.statuses == ["PENDING_PAYMENT", "CANCELLED"]
    assert (watcher.messages[-1].end.status, watcher.messages[-1].end.sequence) == (pb.Order.CANCELLED, 2)


def test_an_order_that_is_cancelled_live_ends_its_stream(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    watcher = Watcher(shop.orders, buyer, order.id).until_step(2)
    force(shop, order.id, "CONFIRMED", "CANCELLED")
    assert watcher.until_end().messages[-1].end.status == pb.Order.CANCELLED


def test_a_return_opens_the_tracking_of_a_delivered_order_again(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    deliver(shop, order.id)
    force(shop, order.id, "DELIVERED", "RETURN_REQUESTED")
    watcher = Watcher(shop.orders, buyer, order.id).until_step(6)
    force(shop, order.id, "RETURN_REQUESTED", "RETURNED")
    watcher.until_end()
    assert watcher.steps == [1, 2, 3, 4, 5, 6, 7]
    assert watcher.messages[-1].end.status == pb.Order.RETURNED


@pytest.mark.either
@pytest.mark.parametrize("after", [3, 99, 2**31 - 1])
def test_a_sequence_ahead_of_the_order_counts_as_its_last_one(shop: RunningShop, after: int) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    watcher = Watcher(shop.orders, buyer, order.id, after=after)
    wait_for_streams(shop, 1)
    deliver(shop, order.id)
    assert watcher.until_end().steps == [3, 4, 5]


def test_a_sequence_ahead_of_an_order_that_has_ended_learns_of_the_end(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    deliver(shop, order.id)
    watcher = Watcher(shop.orders, buyer, order.id, after=99).until_end()
    assert (watcher.kinds(), watcher.messages[-1].end.sequence) == (["end"], 5)


def test_a_negative_sequence_is_refused(shop: RunningShop) -> None:
    request = tracking_pb2.TrackOrderRequest(order_id=1, after_sequence=-1)
    with pytest.raises(grpc.RpcError) as caught:
        next(shop.orders.TrackOrder(request, metadata=shop.admin.metadata))
    assert refusal(caught.value).fields == ["after_sequence"]


def test_many_watchers_of_one_order_all_see_every_step(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    watchers = [Watcher(shop.orders, buyer, order.id) for _ in range(20)]
    deliver(shop, order.id)
    assert [watcher.until_end().steps for watcher in watchers] == [[1, 2, 3, 4, 5]] * 20


def test_streams_that_hang_up_leave_nothing_behind(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    wait_for_streams(shop, 0)
    watchers = [Watcher(shop.orders, buyer, order.id).until_step(2) for _ in range(20)]
    wait_for_streams(shop, 20)
    for watcher in watchers:
        watcher.cancel()
    wait_for_streams(shop, 0)
    assert shop.move(order.id, pb.Order.PROCESSING).status == pb.Order.PROCESSING


# It ends with the sign-in


def _refused_for_its_token(watcher: Watcher) -> None:
    watcher.until(lambda watcher: watcher.ended)
    assert watcher.error is not None
    answer = refusal(watcher.error)
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")


def test_a_stream_ends_when_its_session_is_revoked_and_others_go_on(shop: RunningShop) -> None:
    buyer = shop.customer()
    elsewhere = shop.sign_in(buyer.email)
    order = shop.order(buyer)
    watcher = Watcher(shop.orders, buyer, order.id).until_step(2)
    other = Watcher(shop.orders, elsewhere, order.id).until_step(2)
    shop.auth.Logout(auth_pb2.LogoutRequest(), metadata=buyer.metadata)
    _refused_for_its_token(watcher)
    deliver(shop, order.id)
    assert other.until_end().steps == [1, 2, 3, 4, 5]


def test_a_browser_that_connects_again_goes_on_after_its_last_event(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    deliver(shop, order.id)
    for after, last_id, first in ((0, "2", 3), (3, "2", 4), (1, "", 2)):
        request = tracking_pb2.TrackOrderRequest(order_id=order.id, after_sequence=after)
        metadata = (*buyer.metadata, ("last-event-id", last_id))
        assert next(shop.orders.TrackOrder(request, metadata=metadata, timeout=30)).event.sequence == first
    with pytest.raises(grpc.RpcError) as caught:
        next(shop.orders.TrackOrder(request, metadata=(*buyer.metadata, ("last-event-id", "x")), timeout=30))
    assert refusal(caught.value).fields == ["last-event-id"]


def test_watching_a_training_ends_with_the_session_too(shop: RunningShop) -> None:
    admin, now = shop.sign_in(*ADMIN), utc_now()
    run = {"model_type": "ALL", "state": runs.RUNNING, "started_at": now, "heartbeat_at": now}
    with shop.app.db.transaction() as tx:
        run_id = tx.scalar(insert(TrainingRun).values(**run).returning(TrainingRun.id))
    request = model_service_pb2.WatchTrainingRequest(training_id=run_id)
    stream = shop.models.WatchTraining(request, metadata=admin.metadata, timeout=PATIENCE)
    assert next(stream).training.status == model_pb2.Training.RUNNING
    shop.auth.Logout(auth_pb2.LogoutRequest(), metadata=admin.metadata)
    with pytest.raises(grpc.RpcError) as caught:
        next(stream)
    assert refusal(caught.value).reason == "TOKEN_INVALID"
    shop.sql("DELETE FROM training_runs WHERE id = :id", id=run_id)


def test_a_stream_ends_when_its_access_token_expires(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    issuer = AccessTokens.of(shop.settings)
    issuer.lifetime = timedelta(seconds=2)
    token = issuer.issue(buyer.user_id, "CUSTOMER", "a session", utc_now())
    short = replace(buyer, tokens=auth_pb2.Tokens(access_token=token))
    _refused_for_its_token(Watcher(shop.orders, short, order.id).until_step(2))
    wait_for_streams(shop, 0)


# What the stream itself says


@pytest.fixture
def restless(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A shop whose streams say something often and live for a second, and whose users hold two at most."""
    settings = test_settings(
        database_url,
        tmp_path,
        heartbeat_seconds=0.1,
        stream_lifetime_seconds=1.0,
        max_streams_per_user=2,
        drain_seconds=5.0,
    )
    with ExitStack() as closing:
        shop = RunningShop(settings)
        closing.callback(shop.stop)
        yield shop


@pytest.mark.either
def test_a_quiet_stream_beats_then_asks_to_reconnect(restless: RunningShop) -> None:
    buyer = restless.customer()
    order = restless.order(buyer)
    watcher = Watcher(restless.orders, buyer, order.id).until_end()
    assert watcher.kinds()[:3] == ["event", "event", "heartbeat"]
    assert watcher.messages[2].heartbeat.time.seconds
    assert watcher.kinds()[-1] == "reconnect"
    reconnect = watcher.messages[-1].reconnect
    assert (reconnect.after_sequence, bool(reconnect.message)) == (2, True)
    resumed = Watcher(restless.orders, buyer, order.id, reconnect.after_sequence)
    deliver(restless, order.id)
    assert resumed.until_end().steps == [3, 4, 5]


@pytest.mark.either
def test_a_user_may_hold_so_many_streams(restless: RunningShop) -> None:
    buyer, other = restless.customer(), restless.customer()
    order, others = restless.order(buyer), restless.order(other)
    held = [Watcher(restless.orders, buyer, order.id).until_step(2) for _ in range(2)]
    third = Watcher(restless.orders, buyer, order.id).until(lambda watcher: watcher.ended)
    assert third.error is not None
    answer = refusal(third.error)
    assert (answer.code, answer.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
    Watcher(restless.orders, other, others.id).until_step(2)
    for watcher in held:
        watcher.cancel()
    wait_for_streams(restless, 0)
    Watcher(restless.orders, buyer, order.id).until_step(2)


def test_a_worker_that_drains_asks_its_streams_to_reconnect(sqlite_url: str, tmp_path: Path) -> None:
    shop = RunningShop(test_settings(sqlite_url, tmp_path))
    buyer = shop.customer()
    order = shop.order(buyer)
    with grpc.insecure_channel(shop.target) as channel:
        watcher = Watcher(order_service_pb2_grpc.OrderServiceStub(channel), buyer, order.id).until_step(2)
        shop.stop()
        watcher.until_end()
    assert watcher.kinds() == ["event", "event", "reconnect"]
    assert watcher.messages[-1].reconnect.after_sequence == 2
