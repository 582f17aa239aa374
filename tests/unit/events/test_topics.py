"""Events as the table keeps them: read back as they were, those of earlier releases included."""

from __future__ import annotations

import json

import pytest

from server.events import log
from server.events.topics import (
    BehaviorRecorded,
    CartChanged,
    CatalogReplaced,
    CategoryChanged,
    DatabaseVerified,
    ModelsChanged,
    OrderStepped,
    Payload,
    ProductChanged,
    SessionEnded,
    StockMoved,
    TrainingMoved,
    WebhookChanged,
)

WRITTEN: list[tuple[log.Publishable, str, str, Payload]] = [
    (ProductChanged(3), "product", "3", None),
    (CategoryChanged(3), "category", "3", None),
    (ModelsChanged(3), "model", "3", None),
    (TrainingMoved(3), "training", "3", None),
    (WebhookChanged(3), "webhook", "3", None),
    (SessionEnded("a-session"), "session", "a-session", None),
    (CatalogReplaced(), "catalog", "*", None),
    (StockMoved.of([5, 3, 5]), "stock", "*", {"products": [3, 5]}),
    (CartChanged(7), "cart", "7", None),
    (CartChanged(7, 3, "origin"), "cart", "7", {"added": 3, "origin": "origin"}),
    (
        BehaviorRecorded("v:ann", "ann", "origin", ((3, "VIEW"),)),
        "behavior",
        "v:ann",
        {"visitor": "ann", "origin": "origin", "seen": [[3, "VIEW"]]},
    ),
    (DatabaseVerified(2), "verified", "*", {"violations": 2}),
]


@pytest.mark.parametrize(("event", "topic", "key", "payload"), WRITTEN, ids=lambda one: type(one).__name__)
def test_an_event_stands_in_the_table_as_ever_and_comes_back(
    event: log.Publishable, topic: str, key: str, payload: Payload
) -> None:
    stored = json.loads(json.dumps(event.to_json()))
    assert (event.topic, event.key, stored) == (topic, key, payload)
    assert type(event).of_json(key, stored) == event  # type: ignore[attr-defined]


def test_every_topic_but_the_orders_is_written_by_its_type() -> None:
    topics = {value for name, value in vars(log).items() if name.isupper() and isinstance(value, str)}
    assert {event.topic for event, *_ in WRITTEN} == topics - {log.ORDER, log.CHANNEL}


def test_what_an_order_tells_and_what_earlier_releases_did_not() -> None:
    payload = {"user_id": 7, "status": "CONFIRMED", "products": [3, 3], "country": "US"}
    assert OrderStepped.of_json("1", payload) == OrderStepped(1, 7, (3, 3), "US")
    assert OrderStepped.of_json("1", {"user_id": None}) == OrderStepped(1)
    assert OrderStepped.of_json("1", None) == OrderStepped(1)
    assert CartChanged.of_json("7", {"added": 3}) == CartChanged(7, 3)
    assert BehaviorRecorded.of_json("7", None) == BehaviorRecorded("7")
    assert BehaviorRecorded.of_json("7", {"visitor": None, "seen": []}).user_id == 7
