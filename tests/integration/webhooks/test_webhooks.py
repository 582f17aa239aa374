"""Webhooks: who is told what, signed, in order, at least once; and what becomes of endpoints that do not work."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import order_pb2, order_service_pb2
from sanset.v1 import webhook_pb2 as pb
from sqlalchemy import Connection, select
from support.outbox_desk import Desk
from support.running_shop import RunningShop, refusal, refused, test_settings
from support.webhook_receiver import Received, Receiver, receiver

from server.audit.models import AuditEntry
from server.clock import utc_now
from server.events.consumer import StoredEvent
from server.events.log import publish
from server.events.order_steps import OrderStepped, Step
from server.events.step_facts import StepFacts, StepRefund
from server.webhooks import address, servicer
from server.webhooks.outbox import PER_ENDPOINT
from server.webhooks.queries import NewDelivery

pytestmark = pytest.mark.either

PROCESSING, SHIPPED = order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED
DELIVERED = order_pb2.Order.DELIVERED
STEPS = (PROCESSING, SHIPPED, DELIVERED)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A receiver."""
    with receiver() as one:
        yield one


def register(
    desk: Desk, url: str, *event_types: str, active: bool | None = None, **fields: Any
) -> pb.WebhookEndpoint:
    """Register an endpoint."""
    endpoint = pb.WebhookEndpoint(url=url, event_types=event_types, active=active)
    request = pb.CreateWebhookEndpointRequest(endpoint=endpoint, **fields)
    return desk.shop.webhooks.CreateWebhookEndpoint(request, metadata=desk.shop.admin.metadata)


def deliveries(desk: Desk, endpoint: pb.WebhookEndpoint, **fields: Any) -> list[pb.WebhookDelivery]:
    """The deliveries of an endpoint, oldest first."""
    values = {"page_size": 100, "view": pb.WebhookDelivery.FULL} | fields
    request = pb.ListWebhookDeliveriesRequest(endpoint_id=endpoint.id, **values)
    reply = desk.shop.webhooks.ListWebhookDeliveries(request, metadata=desk.shop.admin.metadata)
    return list(reversed(reply.items))


def update(desk: Desk, *paths: str, request_id: str = "", **fields: Any) -> pb.WebhookEndpoint:
    """Change an endpoint."""
    request = pb.UpdateWebhookEndpointRequest(
        endpoint=pb.WebhookEndpoint(**fields),
        update_mask=FieldMask(paths=paths) if paths else None,
        request_id=request_id,
    )
    return desk.shop.webhooks.UpdateWebhookEndpoint(request, metadata=desk.shop.admin.metadata)


def fail_for_a_day(desk: Desk, hook: Receiver) -> None:
    """Have an endpoint fail until it is switched off by itself."""
    hook.answer = lambda got: 500
    desk.shop.order()
    for _ in range(2):
        run(desk)
        desk.later(hours=25)
    run(desk)
    assert listed(desk)[0].disabled_reason
    hook.answer = lambda got: 200
    hook.received.clear()


def listed(desk: Desk) -> list[pb.WebhookEndpoint]:
    """The endpoints."""
    request = pb.ListWebhookEndpointsRequest()
    return list(desk.shop.webhooks.ListWebhookEndpoints(request, metadata=desk.shop.admin.metadata).items)


def run(desk: Desk) -> None:
    """Send what is due."""
    desk.send_webhooks()


def test_without_a_request_id_no_earlier_reply_is_looked_for(
    desk: Desk, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_for(*_: object) -> None:
        raise AssertionError("a turn of the pool for nothing")

    monkeypatch.setattr(servicer, "earlier_reply", looked_for)
    endpoint = register(desk, hook.url)
    assert not update(desk, "active", id=endpoint.id, active=False).active


def test_an_endpoint_is_told_of_each_step_in_order_and_signed(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    order = desk.shop.order()
    for status in STEPS:
        desk.shop.move(order.id, status)
    run(desk)
    assert [one.told["type"] for one in hook.received] == [
        "order.placed", "order.confirmed", "order.processing", "order.shipped", "order.delivered",
    ]  # fmt: skip
    assert [one.told["sequence"] for one in hook.received] == [1, 2, 3, 4, 5]
    assert [one.told["code"] for one in hook.received] == [
        "PLACED", "PAID", "PACKING", "SHIPPED", "DELIVERED",
    ]  # fmt: skip
    for summary in deliveries(desk, endpoint, view=pb.WebhookDelivery.SUMMARY):
        assert (summary.body, summary.response_code) == ("", 200)
    for one, delivery in zip(hook.received, deliveries(desk, endpoint), strict=True):
        assert one.is_signed_with(endpoint.secret)
        assert not one.is_signed_with("another")
        assert one.headers["sanset-delivery"] == str(delivery.id) == str(one.told["id"])
        assert one.headers["content-type"] == "application/json"
        assert one.body.decode() == delivery.body
        assert one.told["order_id"] == order.id == delivery.order_id
        assert delivery.status == pb.WebhookDelivery.DELIVERED
        assert (delivery.attempt_count, delivery.response_code) == (1, 200)
        assert delivery.HasField("deliver_time")
        assert not delivery.HasField("next_attempt_time")
    run(desk)
    assert len(hook.received) == 5


def test_an_endpoint_is_told_only_of_what_it_wants(desk: Desk, hook: Receiver) -> None:
    register(desk, hook.url, "order.shipped", "order.cancelled")
    order = desk.shop.order()
    for status in STEPS:
        desk.shop.move(order.id, status)
    run(desk)
    assert [one.told["type"] for one in hook.received] == ["order.shipped"]


def test_the_secret_is_told_once_and_a_repeat_makes_no_second_endpoint(desk: Desk, hook: Receiver) -> None:
    request_id = str(uuid.uuid4())
    first = register(desk, hook.url, request_id=request_id)
    again = register(desk, hook.url, request_id=request_id)
    assert first == again
    assert first.secret.startswith("whsec_")
    [only] = listed(desk)
    assert only.secret == ""
    assert register(desk, hook.url).secret != first.secret


def test_a_repeat_is_answered_although_the_host_is_gone_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://localhost:9/hook"
    created = partial(register, desk, url, request_id=str(uuid.uuid4()))
    first = created()
    changed = partial(update, desk, id=first.id, url=f"{url}/2", request_id=str(uuid.uuid4()))
    second = changed()

    async def resolve(host: str, port: int, **_: bool) -> list[str]:
        raise OSError(f"{host} is no more")

    monkeypatch.setattr(address, "resolve", resolve)
    assert (created(), changed()) == (first, second)
    for call in (created, changed):
        with pytest.raises(grpc.RpcError) as caught:
            call(request_id=str(uuid.uuid4()))
        assert refusal(caught.value).reason == "WEBHOOK_URL_REFUSED"
        with pytest.raises(grpc.RpcError) as caught:
            call(active=False)
        assert refusal(caught.value).reason == "IDEMPOTENCY_MISMATCH"


def rotated(desk: Desk, endpoint: pb.WebhookEndpoint, **fields: Any) -> pb.WebhookEndpoint:
    """An endpoint after a rotation of its secret."""
    request = pb.RotateWebhookSecretRequest(endpoint_id=endpoint.id, **fields)
    return desk.shop.webhooks.RotateWebhookSecret(request, metadata=desk.shop.admin.metadata)


def told_of_an_order(desk: Desk, hook: Receiver) -> Received:
    """The first that an endpoint is told of a new order."""
    hook.received.clear()
    desk.shop.order()
    run(desk)
    return hook.received[0]


def test_a_rotated_secret_signs_beside_the_old_one_for_a_while(desk: Desk, hook: Receiver) -> None:
    first = register(desk, hook.url)
    second = rotated(desk, first)
    assert second.secret not in ("", first.secret)
    assert second.etag != first.etag
    assert second.old_secret_expire_time.seconds - second.update_time.seconds == 24 * 3600
    one = told_of_an_order(desk, hook)
    assert one.is_signed_with(first.secret)
    assert one.is_signed_with(second.secret)
    assert [endpoint.secret for endpoint in listed(desk)] == [""]
    third = rotated(desk, first, overlap_seconds=3600)
    signed = told_of_an_order(desk, hook)
    secrets = (first.secret, second.secret, third.secret)
    assert [signed.is_signed_with(secret) for secret in secrets] == [False, True, True]
    desk.later(seconds=3601)
    late = told_of_an_order(desk, hook)
    assert [late.is_signed_with(secret) for secret in secrets] == [False, False, True]


@pytest.mark.both
def test_a_leaked_secret_ends_at_once_and_a_repeated_rotation_is_one(desk: Desk, hook: Receiver) -> None:
    leaked = register(desk, hook.url)
    fields = {"overlap_seconds": 0, "request_id": str(uuid.uuid4())}
    sound = rotated(desk, leaked, **fields)
    assert rotated(desk, leaked, **fields) == sound
    assert not sound.HasField("old_secret_expire_time")
    one = told_of_an_order(desk, hook)
    assert one.is_signed_with(sound.secret)
    assert not one.is_signed_with(leaked.secret)
    request = pb.RotateWebhookSecretRequest(endpoint_id=leaked.id, overlap_seconds=604_801)
    assert refused(desk.shop.webhooks.RotateWebhookSecret, request, desk.shop.admin).fields == [
        "overlap_seconds"
    ]
    lost = pb.RotateWebhookSecretRequest(endpoint_id=2**62)
    assert (
        refused(desk.shop.webhooks.RotateWebhookSecret, lost, desk.shop.admin).reason == "WEBHOOK_NOT_FOUND"
    )


def test_a_test_tells_what_an_endpoint_answers_and_leaves_nothing(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url, active=False)
    request = pb.PingWebhookEndpointRequest(endpoint_id=endpoint.id)

    def ping() -> pb.PingWebhookEndpointResponse:
        return desk.shop.webhooks.PingWebhookEndpoint(request, metadata=desk.shop.admin.metadata)

    assert ping() == pb.PingWebhookEndpointResponse(delivered=True, response_code=200)
    [got] = hook.received
    assert got.is_signed_with(endpoint.secret)
    assert (got.told["type"], got.told["id"], got.headers["sanset-delivery"]) == ("ping", 0, "0")
    hook.answer = lambda got: 410
    assert ping() == pb.PingWebhookEndpointResponse(response_code=410, error="answered 410")
    assert deliveries(desk, endpoint) == []
    lost = pb.PingWebhookEndpointRequest(endpoint_id=2**62)
    assert (
        refused(desk.shop.webhooks.PingWebhookEndpoint, lost, desk.shop.admin).reason == "WEBHOOK_NOT_FOUND"
    )


def test_an_endpoint_and_a_delivery_are_read_one_by_one(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    desk.shop.order()
    run(desk)
    api, staff = desk.shop.webhooks, desk.shop.admin.metadata
    assert (
        api.GetWebhookEndpoint(pb.GetWebhookEndpointRequest(endpoint_id=endpoint.id), metadata=staff)
        == listed(desk)[0]
    )
    for delivery in deliveries(desk, endpoint):
        request = pb.GetWebhookDeliveryRequest(delivery_id=delivery.id)
        assert api.GetWebhookDelivery(request, metadata=staff) == delivery
    lost = pb.GetWebhookDeliveryRequest(delivery_id=2**62)
    assert refused(api.GetWebhookDelivery, lost, desk.shop.admin).reason == "DELIVERY_NOT_FOUND"


def test_there_are_at_most_twenty(desk: Desk, hook: Receiver) -> None:
    for _ in range(20):
        register(desk, hook.url)
    request = pb.CreateWebhookEndpointRequest(endpoint=pb.WebhookEndpoint(url=hook.url))
    said = refused(desk.shop.webhooks.CreateWebhookEndpoint, request, desk.shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY")


def test_a_failed_delivery_is_tried_again_and_its_order_kept(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    first, second = desk.shop.order(), desk.shop.order()
    hook.answer = lambda got: 503 if got.told["order_id"] == first.id else 200
    run(desk)
    assert hook.sequences(first.id) == [1]
    assert hook.sequences(second.id) == [1, 2]
    failed = deliveries(desk, endpoint)[0]
    assert (failed.status, failed.response_code) == (pb.WebhookDelivery.PENDING, 503)
    assert failed.error == "answered 503"
    wait = failed.next_attempt_time.ToDatetime() - desk.now().replace(tzinfo=None)
    assert timedelta(seconds=7) < wait < timedelta(seconds=12.5)
    hook.answer = lambda got: 200
    desk.later(seconds=13)
    run(desk)
    assert hook.sequences(first.id) == [1, 1, 2]


def test_attempts_come_later_and_later_for_a_day_and_then_the_endpoint_is_off(
    desk: Desk, hook: Receiver
) -> None:
    endpoint = register(desk, hook.url)
    desk.shop.order()
    hook.answer = lambda got: 500
    while listed(desk)[0].active:
        run(desk)
        pending = [one for one in desk.delivery_rows() if one.status == "PENDING"]
        first = pending[0]
        desk.ahead += max(first.next_attempt_at - desk.now(), timedelta()) + timedelta(milliseconds=1)
        assert desk.ahead < timedelta(hours=26)
    assert timedelta(hours=23.9) < desk.ahead
    assert 10 <= len(hook.received) <= 25
    failed, waiting = deliveries(desk, endpoint)
    assert failed.status == pb.WebhookDelivery.FAILED
    assert waiting.status == pb.WebhookDelivery.PENDING
    [off] = listed(desk)
    assert off.disabled_reason == "Every delivery failed for a day, the last one so: answered 500"
    before = len(hook.received)
    hook.answer = lambda got: 200
    run(desk)
    assert len(hook.received) == before, "it is off"
    on = update(desk, id=endpoint.id, active=True)
    assert (on.active, on.disabled_reason) == (True, "")
    run(desk)
    assert len(hook.received) == before + 1, "what waited is sent when it is on again"


def test_what_happens_while_an_endpoint_is_off_by_itself_is_sent_when_it_is_on(
    desk: Desk, hook: Receiver
) -> None:
    endpoint = register(desk, hook.url)
    fail_for_a_day(desk, hook)
    order = desk.shop.order()
    run(desk)
    assert hook.received == [], "it is off"
    assert [one.status for one in deliveries(desk, endpoint)][-2:] == [pb.WebhookDelivery.PENDING] * 2
    desk.later(days=3)
    update(desk, id=endpoint.id, active=True)
    run(desk)
    assert hook.sequences(order.id) == [1, 2]


def test_an_endpoint_that_is_written_back_as_it_was_read_stays_switched_off_by_itself(
    desk: Desk, hook: Receiver
) -> None:
    endpoint = register(desk, hook.url)
    fail_for_a_day(desk, hook)
    (read,) = listed(desk)
    request = pb.UpdateWebhookEndpointRequest(endpoint=read)
    for paths in ([], ["*"]):
        request.update_mask.paths[:] = paths
        after = desk.shop.webhooks.UpdateWebhookEndpoint(request, metadata=desk.shop.admin.metadata)
        assert (after.active, after.disabled_reason, after.etag) == (False, read.disabled_reason, read.etag)
    assert update(desk, "*", id=endpoint.id, url=read.url, active=True).active, "it differs, so it is meant"


def test_what_happens_while_an_endpoint_is_off_by_hand_is_not_kept(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    fail_for_a_day(desk, hook)
    off = update(desk, id=endpoint.id, active=False)
    assert (off.active, off.disabled_reason) == (False, "")
    before = len(deliveries(desk, endpoint))
    desk.shop.order()
    run(desk)
    assert len(deliveries(desk, endpoint)) == before


def test_an_endpoint_that_moves_is_told_at_its_new_address(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url, "order.placed")
    for _ in range(12):
        desk.shop.order()
    with receiver() as new:

        def move(got: Received) -> int:
            update(desk, id=endpoint.id, url=new.url)
            return 200

        hook.answer = move
        run(desk)
        assert len(hook.received) <= PER_ENDPOINT
        assert len(hook.received) + len(new.received) == 12


def test_an_update_changes_what_it_names(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url, "order.shipped")
    off = update(desk, id=endpoint.id, active=False)
    assert (off.url, list(off.event_types), off.active) == (hook.url, ["order.shipped"], False)
    moved = update(desk, id=endpoint.id, url=f"{hook.url}/new")
    assert (moved.url, list(moved.event_types), moved.active) == (f"{hook.url}/new", ["order.shipped"], False)
    wide = update(desk, "event_types", id=endpoint.id, url=hook.url)
    assert (wide.url, list(wide.event_types)) == (f"{hook.url}/new", [])
    whole = update(desk, "*", id=endpoint.id, url=hook.url, event_types=["order.placed"])
    assert (whole.url, list(whole.event_types), whole.active) == (hook.url, ["order.placed"], False)
    assert listed(desk) == [whole]
    for paths, reason in (("url", "INVALID_FIELD"), ("secret", "INVALID_UPDATE_MASK")):
        request = pb.UpdateWebhookEndpointRequest(
            endpoint=pb.WebhookEndpoint(id=endpoint.id), update_mask=FieldMask(paths=[paths])
        )
        assert refused(desk.shop.webhooks.UpdateWebhookEndpoint, request, desk.shop.admin).reason == reason


def test_the_audit_log_keeps_no_secret_of_an_address(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, f"{hook.url}/T000/B000/secret?token=secret")
    update(desk, id=endpoint.id, active=False)
    subject = AuditEntry.subject == f"webhook/{endpoint.id}"
    entries = desk.rows(select(AuditEntry.details).where(subject).order_by(AuditEntry.id.desc()).limit(2))
    origin = hook.url.removesuffix("/hook")
    assert [entry.details["facts"] for entry in entries] == [
        {"origin": origin, "active": False},
        {"origin": origin, "active": True},
    ]
    assert "secret" not in str(entries)


def test_a_busy_moment_told_to_many_endpoints_is_written(desk: Desk) -> None:
    order = desk.shop.order()
    for place in range(20):
        register(desk, f"http://127.0.0.1:1/{place}")
    outbox = desk.webhooks()
    while outbox._take():
        pass
    before = len(desk.delivery_rows())
    with desk.db.transaction() as tx:
        for sequence in range(200):
            facts = StepFacts(refund=StepRefund(1, 1, "USD"))
            step = Step(sequence, "CANCELLED", "", "", None, utc_now(), facts=facts)
            publish(tx, OrderStepped(order_id=order.id, step=step))
    assert outbox._take() == 200
    assert len(desk.delivery_rows()) == before + 200 * 2 * 20


def test_an_endpoint_that_is_deleted_while_it_is_written_to_is_left_out(desk: Desk, hook: Receiver) -> None:
    gone, kept = register(desk, hook.url), register(desk, hook.url)
    desk.shop.order()
    outbox = desk.webhooks()
    address = outbox._address

    def delete_meanwhile(
        connection: Connection, events: Sequence[StoredEvent[OrderStepped]]
    ) -> list[NewDelivery]:
        rows = address(connection, events)
        request = pb.DeleteWebhookEndpointRequest(endpoint_id=gone.id)
        desk.shop.webhooks.DeleteWebhookEndpoint(request, metadata=desk.shop.admin.metadata)
        return rows

    outbox._address = delete_meanwhile  # type: ignore[method-assign]
    assert outbox._take() == 2
    assert [one.endpoint_id for one in desk.delivery_rows()] == [kept.id] * 2


def test_one_success_in_a_day_keeps_an_endpoint_on(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    for hours in range(0, 40, 8):
        desk.shop.order()
        hook.answer = (lambda got: 200) if hours == 16 else (lambda got: 500)
        run(desk)
        desk.later(hours=8)
    assert listed(desk)[0].active
    assert {one.status for one in deliveries(desk, endpoint)} >= {pb.WebhookDelivery.DELIVERED}


def test_a_delivery_is_replayed_whatever_became_of_it(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    desk.shop.order()
    run(desk)
    [first, _] = deliveries(desk, endpoint)
    request = pb.ReplayWebhookDeliveryRequest(delivery_id=first.id)
    replayed = desk.shop.webhooks.ReplayWebhookDelivery(request, metadata=desk.shop.admin.metadata)
    assert replayed.status == pb.WebhookDelivery.PENDING
    run(desk)
    assert hook.received[2].body == hook.received[0].body
    assert deliveries(desk, endpoint)[0].status == pb.WebhookDelivery.DELIVERED
    request.delivery_id = 10**9
    said = refused(desk.shop.webhooks.ReplayWebhookDelivery, request, desk.shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "DELIVERY_NOT_FOUND")
    update(desk, id=endpoint.id, active=False)
    request.delivery_id = first.id
    said = refused(desk.shop.webhooks.ReplayWebhookDelivery, request, desk.shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "WEBHOOK_SWITCHED_OFF")
    assert deliveries(desk, endpoint)[0].status == pb.WebhookDelivery.DELIVERED


def test_deliveries_are_listed_in_pages_and_by_their_status(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    for _ in range(3):
        desk.shop.order()
    run(desk)
    request = pb.ListWebhookDeliveriesRequest(endpoint_id=endpoint.id, page_size=4)
    first = desk.shop.webhooks.ListWebhookDeliveries(request, metadata=desk.shop.admin.metadata)
    request.page_token = first.next_page_token
    second = desk.shop.webhooks.ListWebhookDeliveries(request, metadata=desk.shop.admin.metadata)
    ids = [one.id for one in (*first.items, *second.items)]
    assert len(ids) == 6
    assert ids == sorted(ids, reverse=True)
    assert second.next_page_token == ""
    assert deliveries(desk, endpoint, status=pb.WebhookDelivery.FAILED) == []


def test_a_deleted_endpoint_is_told_of_nothing(desk: Desk, hook: Receiver) -> None:
    endpoint = register(desk, hook.url)
    desk.shop.order()
    desk.webhooks()._take()
    request = pb.DeleteWebhookEndpointRequest(endpoint_id=endpoint.id)
    desk.shop.webhooks.DeleteWebhookEndpoint(request, metadata=desk.shop.admin.metadata)
    run(desk)
    assert hook.received == []
    for method, again in (
        (desk.shop.webhooks.DeleteWebhookEndpoint, request),
        (desk.shop.webhooks.ListWebhookDeliveries, pb.ListWebhookDeliveriesRequest(endpoint_id=endpoint.id)),
    ):
        assert refused(method, again, desk.shop.admin).reason == "WEBHOOK_NOT_FOUND"


def test_an_event_there_is_not_is_refused(desk: Desk, hook: Receiver) -> None:
    endpoint = pb.WebhookEndpoint(url=hook.url, event_types=["order.shipped", "order.lost"])
    request = pb.CreateWebhookEndpointRequest(endpoint=endpoint)
    said = refused(desk.shop.webhooks.CreateWebhookEndpoint, request, desk.shop.admin)
    assert said.code == grpc.StatusCode.INVALID_ARGUMENT
    assert said.fields == ["endpoint.event_types[1]"]


def test_a_redirect_is_a_failure_and_not_followed(desk: Desk, hook: Receiver) -> None:
    with receiver() as other:

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", other.url)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        hook.answer = lambda got: redirect
        endpoint = register(desk, hook.url)
        desk.shop.order()
        run(desk)
        assert other.received == []
    first = deliveries(desk, endpoint)[0]
    assert (first.response_code, first.error) == (307, "answered 307: redirects are not followed")


def test_of_an_endless_answer_only_the_beginning_is_read(desk: Desk, hook: Receiver) -> None:
    written: list[int] = []

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"x" * 10_000)
            written.append(10_000)

    hook.answer = lambda got: flood
    endpoint = register(desk, hook.url)
    desk.shop.order()
    run(desk)
    assert deliveries(desk, endpoint)[0].status == pb.WebhookDelivery.DELIVERED
    assert sum(written) < 20_000_000


def test_a_silent_endpoint_is_given_up_and_holds_up_no_other(
    desk: Desk, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.webhooks.courier.ANSWER_SECONDS", 1.0)
    with receiver() as silent:

        def sleep(got: Received) -> int:
            time.sleep(3)
            return 200

        silent.answer = sleep
        slow, _ = register(desk, silent.url), register(desk, hook.url)
        for _ in range(6):
            desk.shop.order()
        run(desk)
        assert len(hook.received) == 12
        assert deliveries(desk, slow)[0].error == "no answer within 1 seconds"


@pytest.mark.both
def test_an_endpoint_is_sent_a_few_at_once(desk: Desk, hook: Receiver) -> None:
    register(desk, hook.url, "order.confirmed")
    for _ in range(12):
        desk.shop.order()

    def think(got: Received) -> int:
        time.sleep(0.1)
        return 200

    hook.answer = think
    run(desk)
    assert len(hook.received) == 12
    assert 1 < hook.busiest <= 4


def test_an_endpoint_that_is_not_there_is_a_failure_like_another(desk: Desk) -> None:
    with receiver() as gone:
        endpoint = register(desk, gone.url)
    desk.shop.order()
    run(desk)
    first = deliveries(desk, endpoint)[0]
    assert (first.status, first.response_code) == (pb.WebhookDelivery.PENDING, 0)
    assert first.error


def test_a_shop_that_allows_no_private_address_sends_none_even_to_one_that_is_registered(
    desk: Desk, hook: Receiver
) -> None:
    endpoint = register(desk, hook.url)
    desk.shop.order()
    desk.send_webhooks(allow_private=False)
    assert hook.received == []
    assert deliveries(desk, endpoint)[0].error == "the address is not https"


def test_the_jobs_of_a_running_shop_send_by_themselves(
    database_url: str, tmp_path: Path, hook: Receiver
) -> None:
    shop = RunningShop(test_settings(database_url, tmp_path, webhook_allow_private=True, run_jobs=True))
    try:
        endpoint = pb.WebhookEndpoint(url=hook.url)
        shop.webhooks.CreateWebhookEndpoint(
            pb.CreateWebhookEndpointRequest(endpoint=endpoint), metadata=shop.admin.metadata
        )
        order = shop.order()
        until = time.monotonic() + 60
        while time.monotonic() < until and not (
            len(hook.received) == 2 and list(tmp_path.glob("mail/*.eml"))
        ):
            time.sleep(0.05)
        assert hook.sequences(order.id) == [1, 2]
        [mail] = tmp_path.glob("mail/*.eml")
        assert order.number in mail.read_text()
    finally:
        shop.stop()


def test_a_delivery_holds_the_metadata_of_its_order(desk: Desk, hook: Receiver) -> None:
    register(desk, hook.url, "order.processing")
    order = desk.shop.order()
    request = order_service_pb2.UpdateOrderRequest(order=order_pb2.Order(id=order.id))
    request.order.metadata.update({"erp": "A-17"})
    desk.shop.orders.UpdateOrder(request, metadata=desk.shop.admin.metadata)
    desk.shop.move(order.id, PROCESSING)
    run(desk)
    (told,) = hook.received
    assert told.told["metadata"] == {"erp": "A-17"}


def test_deliveries_tell_of_the_parcel_that_was_handed_over_and_of_its_correction(
    desk: Desk, hook: Receiver
) -> None:
    register(desk, hook.url, "order.shipped", "order.shipment_changed")
    order = desk.shop.order()
    desk.shop.move(order.id, PROCESSING)
    units = order_pb2.LineQuantity(variant_id=order.items[0].variant_id, quantity=1)
    desk.shop.move(
        order.id, SHIPPED, shipment=order_pb2.Shipment(carrier="DHL", tracking_number="1", items=[units])
    )
    desk.shop.move(order.id, SHIPPED, shipment=order_pb2.Shipment(id=1, carrier="DHL", tracking_number="2"))
    run(desk)
    handed_over, corrected = (got.told for got in hook.received)
    assert [handed_over["type"], corrected["type"]] == ["order.shipped", "order.shipment_changed"]
    parcel = handed_over["shipment"]
    assert (parcel["id"], parcel["carrier"], parcel["tracking_number"]) == (1, "DHL", "1")
    line = order.items[0]
    product = {"variant_id": units.variant_id, "product_id": line.product_id, "sku": line.sku, "quantity": 1}
    assert parcel["items"] == [product | {"options": []}]
    assert (corrected["shipment"]["tracking_number"], corrected["shipment"]["items"]) == ("2", [])
