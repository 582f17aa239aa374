"""The outbox of the webhooks: writes deliveries from the events of the orders, and sends them.

Written exactly once, in the transaction that moves the outbox on; sent at least once, and in order per endpoint
and order: of each order only the first delivery that waits is tried.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from server.background import backoff
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.work import Work
from server.events.consumer import BATCH as MAX_EVENTS
from server.events.consumer import REST, Consumer, StoredEvent
from server.events.models import JsonObject
from server.events.order_steps import OrderStepped, Parcel
from server.events.step_facts import StepFacts
from server.metadata import Metadata
from server.webhooks import queries
from server.webhooks.courier import Answer, Courier
from server.webhooks.service import CONSUMER, KEEP_TRYING
from server.webhooks.signing import EndpointSigner

PER_ENDPOINT = 4
"""So many deliveries of an endpoint are under way at once."""

LOOK_SECONDS = 0.25
MIN_RETRY_DELAY, MAX_RETRY_DELAY = timedelta(seconds=10), timedelta(hours=3)
STEP_FIELDS = ("sequence", "code", "status", "message", "location", "eta", "time")
"""What a body says of a step, beside its id, type and order."""

ReadMetadata = Callable[[Connection, Collection[int]], Mapping[int, Metadata]]
"""Reads the metadata of orders that have any, by order."""

log = structlog.get_logger()


class WebhookOutbox:
    """Writes and sends; for use on a worker's event loop, as a job."""

    def __init__(
        self,
        db: Database,
        work: Work,
        courier: Courier,
        *,
        clock: Clock,
        signer: EndpointSigner,
        read_metadata: ReadMetadata,
    ) -> None:
        self._work = work
        self._clock = clock
        self._signer = signer
        self._courier = courier
        self._read_metadata = read_metadata
        self._consumer = Consumer(db, CONSUMER, OrderStepped)

    async def run(self) -> timedelta | None:
        """Write what is to be told and send what is due, until nothing is; say how long to rest then.

        Each endpoint has a task of its own, so that a slow one holds up no other.
        """
        sending: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                while await self._work.run(self._take, vital=True) == MAX_EVENTS:
                    pass
                if not sending and await self._work.read(self._nothing_waits, vital=True):
                    return REST
                waiting = await self._work.read(queries.waiting_endpoints, self._clock(), vital=True)
                for endpoint in waiting:
                    if endpoint.id not in sending:
                        sending[endpoint.id] = asyncio.create_task(self._serve(endpoint.id))
                if not sending:
                    return None
                await asyncio.wait(
                    sending.values(), timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for endpoint_id in [key for key, task in sending.items() if task.done()]:
                    sending.pop(endpoint_id).result()
        finally:
            for task in sending.values():
                task.cancel()
            await asyncio.gather(*sending.values(), return_exceptions=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._courier.close()

    def _take(self) -> int:
        return self._consumer.take(self._address, queries.insert_deliveries)

    def _nothing_waits(self, connection: Connection) -> bool:
        return self._consumer.has_all and not queries.any_waits(connection)

    def _address(
        self, connection: Connection, events: Sequence[StoredEvent[OrderStepped]]
    ) -> list[queries.NewDelivery]:
        """The deliveries of events: one for each endpoint that wants one.

        One that was switched off because it failed gets them too, and is sent them when it is on again.
        """
        now = self._clock()
        endpoints = queries.receiving_endpoints(connection)
        if not endpoints:
            return []
        metadata = self._read_metadata(connection, {stored.event.order_id for stored in events})
        return [
            queries.NewDelivery(
                endpoint_id=endpoint.id,
                event_id=stored.id,
                event_type=event_type,
                order_id=stored.event.order_id,
                body=body_of(event_type, stored.event, metadata.get(stored.event.order_id)),
                created_at=now,
                next_attempt_at=now,
                retry_until=now + KEEP_TRYING,
            )
            for stored in events
            for event_type in types_of(stored.event)
            for endpoint in endpoints
            if not endpoint.event_types or event_type in endpoint.event_types
        ]

    async def _serve(self, endpoint_id: int) -> None:
        """Send an endpoint what is due, a few at a time; of an order never two at once."""
        while True:
            # Read anew each time: its address may change while a backlog is sent.
            endpoint, due = await self._work.read(self._due, endpoint_id, vital=True)
            if endpoint is None or not due:
                return
            async with asyncio.TaskGroup() as group:
                for delivery in due:
                    group.create_task(self._deliver(endpoint, delivery))

    def _due(self, connection: Connection, endpoint_id: int) -> tuple[AnyRow | None, Sequence[AnyRow]]:
        endpoint = queries.endpoint(connection, endpoint_id)
        if endpoint is None or not endpoint.active:
            return None, ()
        return endpoint, queries.due(connection, endpoint_id, self._clock(), PER_ENDPOINT)

    async def _deliver(self, endpoint: AnyRow, delivery: AnyRow) -> None:
        body = sent_body(delivery).encode()
        headers = self._signer.headers(endpoint, delivery.id, body, self._clock())
        answer = await self._courier.post(endpoint.url, headers, body)
        await self._work.write(self._record, delivery, answer, vital=True)

    def _record(self, tx: Connection, delivery: AnyRow, answer: Answer) -> None:
        now = self._clock()
        result: dict[str, object] = {"response_code": answer.code, "error": answer.error}
        if answer.is_taken:
            taken = result | {"status": "DELIVERED", "delivered_at": now}
            queries.mark(tx, delivery.id, delivery.attempts, taken)
            queries.note_success(tx, delivery.endpoint_id)
            return
        # Its day begins with its first attempt: it may have waited long for another of its order.
        until = delivery.retry_until if delivery.attempts else now + KEEP_TRYING
        if now >= until:
            result |= {"status": "FAILED"}
        else:
            again = now + backoff(delivery.attempts + 1, MIN_RETRY_DELAY, MAX_RETRY_DELAY)
            result |= {"next_attempt_at": min(again, until), "retry_until": until}
        queries.mark(tx, delivery.id, delivery.attempts, result)
        queries.note_failure(tx, delivery.endpoint_id, now)
        reason = f"Every delivery failed for a day, the last one so: {answer.error}"[:500]
        if queries.disable(tx, delivery.endpoint_id, now - KEEP_TRYING, reason, now):
            log.warning("webhook_disabled", endpoint=delivery.endpoint_id, error=answer.error)


def types_of(event: OrderStepped) -> list[str]:
    """Return what an order's event is told as; a step that notes something is told of a refund or a parcel."""
    status = event.new_status.lower()
    types = []
    if status:
        types.append("order.placed" if status == "pending_payment" else f"order.{status}")
    if event.parcel is not None and event.is_note:
        types.append("order.shipment_changed")
    if event.facts.refund is not None and "order.refunded" not in types:
        types.append("order.refunded")
    return types


def body_of(event_type: str, event: OrderStepped, metadata: Metadata | None = None) -> str:
    """The JSON of a delivery, but for its id, which is not known before it is written."""
    step = event.step.to_json() if event.step is not None else {}
    body = {"type": event_type, "order_id": event.order_id} | {name: step.get(name) for name in STEP_FIELDS}
    if event.parcel is not None:
        body |= {"shipment": _shipment(event.parcel)}
    body |= _facts(event.facts)
    if metadata:
        body |= {"metadata": metadata}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _facts(facts: StepFacts) -> JsonObject:
    """What a step is about, in the words of the contract."""
    json: JsonObject = {
        name: fact for name in ("decline_code", "cancelled_by", "comment") if (fact := getattr(facts, name))
    }
    if facts.amount is not None:
        json["amount"] = {"amount_minor": facts.amount.minor, "currency": facts.amount.currency}
    if facts.refund is not None:
        json["refund"] = facts.refund.to_json()
    if facts.returned is not None:
        json["return"] = {"id": facts.returned.id, "quantity": facts.returned.quantity}
    return json


def _shipment(parcel: Parcel) -> JsonObject:
    """A parcel, in the words of the contract."""
    items = [
        {
            "variant_id": item.variant_id,
            "product_id": item.product_id,
            "sku": item.sku,
            "options": [{"name": name, "value": value} for name, value in item.options],
            "quantity": item.quantity,
        }
        for item in parcel.items
    ]
    return {
        "id": parcel.id,
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
        "items": items,
        "ship_time": parcel.shipped_at.isoformat(),
    }


def sent_body(delivery: AnyRow) -> str:
    """The JSON as it is sent: the same for each attempt."""
    return f'{{"id":{delivery.id},{delivery.body[1:]}'
