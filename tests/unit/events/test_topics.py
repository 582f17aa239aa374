"""Events as the table keeps them: read back as they were, those of earlier releases included."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.events import log
from server.events.order_steps import OrderStepped, Parcel, ParcelItem, Step
from server.events.step_facts import NO_FACTS, StepCode, StepFacts, StepRefund, StepReturn
from server.events.topics import (
    AccountNoticed,
    BehaviorRecorded,
    CartChanged,
    CatalogReplaced,
    CategoryChanged,
    DatabaseVerified,
    ImportMoved,
    KeysTurned,
    ModelsChanged,
    MovedLevel,
    Payload,
    ProductChanged,
    ProductsEmbedded,
    RoleAssigned,
    RoleChanged,
    SalesCounted,
    ServiceAccountChanged,
    SessionEnded,
    StockMoved,
    SuggestionsCounted,
    SynonymsChanged,
    TrainingMoved,
    WebhookChanged,
)
from server.money import Money
from server.order.steps import message_of
from server.text.languages import ENGLISH

MOMENT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
STEP = Step(2, "SHIPPED", "On its way.", "Depot", MOMENT + timedelta(days=2), MOMENT, code="SHIPPED")
STEP_JSON = {
    "sequence": 2,
    "code": "SHIPPED",
    "status": "SHIPPED",
    "message": "On its way.",
    "location": "Depot",
    "eta": "2026-11-23T12:30:00+00:00",
    "time": "2026-11-21T12:30:00+00:00",
    "user_id": 7,
}
PARCEL = Parcel(
    1, "DHL", "0034", "https://dhl.test/0034", (ParcelItem(1, 5, 3, 2, "M-1", (("size", "L"),)),), MOMENT
)
PARCEL_JSON = {
    "id": 1,
    "carrier": "DHL",
    "tracking_number": "0034",
    "tracking_url": "https://dhl.test/0034",
    "items": [
        {
            "position": 1,
            "variant_id": 5,
            "product_id": 3,
            "quantity": 2,
            "sku": "M-1",
            "options": [["size", "L"]],
        }
    ],
    "shipped_at": "2026-11-21T12:30:00+00:00",
}
REFUND = StepRefund(4, 500, "USD")
REFUND_JSON = {"id": 4, "amount_minor": 500, "currency": "USD"}
RETURN = StepReturn(9, "APPROVED", {1: 2, 3: 1})
RETURN_JSON = {"id": 9, "state": "APPROVED", "items": [[1, 2], [3, 1]]}


def stepped(parcel: Parcel | None = None, *, facts: StepFacts = NO_FACTS, **event: Any) -> OrderStepped:
    """The event of a step of order 12."""
    step = replace(STEP, parcel=parcel, facts=facts)
    return OrderStepped(order_id=12, user_id=7, step=step, **event)


ORDER_STEPS: list[tuple[OrderStepped, dict[str, object]]] = [
    (stepped(), {}),
    (stepped(product_ids=(3, 3), country="US"), {"products": [3, 3], "country": "US"}),
    (stepped(parcel=PARCEL), {"shipment": PARCEL_JSON}),
    (stepped(parcel=PARCEL, is_note=True), {"shipment": PARCEL_JSON, "note": True}),
    (stepped(facts=StepFacts(refund=REFUND), is_note=True), {"refund": REFUND_JSON, "note": True}),
    (
        stepped(facts=StepFacts(failed_refund=REFUND), is_note=True),
        {"refund_failed": REFUND_JSON, "note": True},
    ),
    (
        stepped(facts=StepFacts(refund=REFUND, returned=RETURN)),
        {"refund": REFUND_JSON, "return": RETURN_JSON},
    ),
    (
        stepped(facts=StepFacts(decline_code="EXPIRED", cancelled_by="SHOP", comment="Sorry.")),
        {"decline_code": "EXPIRED", "cancelled_by": "SHOP", "comment": "Sorry."},
    ),
    (stepped(facts=StepFacts(amount=Money(500, "USD"))), {"amount": [500, "USD"]}),
]

WRITTEN: list[tuple[log.Publishable, str, str, Payload]] = [
    (ProductChanged(3), "product", "3", None),
    (ProductChanged(3, ()), "product", "3", {"lists": []}),
    (ProductChanged(3, ("all", "tag red")), "product", "3", {"lists": ["all", "tag red"]}),
    (CategoryChanged(3), "category", "3", None),
    (ModelsChanged(3), "model", "3", None),
    (ImportMoved(3), "import", "3", None),
    (TrainingMoved(3), "training", "3", None),
    (WebhookChanged(3), "webhook", "3", None),
    (SessionEnded("a-session"), "session", "a-session", None),
    (
        RoleChanged("SUPPORT", 4, 2, ("MANAGE_REFUNDS",)),
        "role",
        "SUPPORT",
        {"id": 4, "version": 2, "permissions": ["MANAGE_REFUNDS"]},
    ),
    (
        ServiceAccountChanged(7, 3, "ERP", True, ("203.0.113.0/24",), {"abc": 4}),
        "service_account",
        "7",
        {"version": 3, "role": "ERP", "active": True, "networks": ["203.0.113.0/24"], "keys": {"abc": 4}},
    ),
    (RoleAssigned(7, "SUPPORT", 3), "account", "7", {"role": "SUPPORT", "version": 3}),
    (CatalogReplaced(), "catalog", "*", None),
    (StockMoved.of([5, 3, 5]), "stock", "*", {"products": [3, 5]}),
    (StockMoved.of([5], flipped=False), "stock", "*", {"products": [5], "flipped": False}),
    (
        StockMoved.of([5], flipped=False, levels=[MovedLevel(5, 7, 1, 40), MovedLevel(5, 7, 2, 0)]),
        "stock",
        "*",
        {"products": [5], "flipped": False, "levels": [[5, 7, 1, 40], [5, 7, 2, 0]]},
    ),
    (SalesCounted(), "sales", "*", None),
    (SynonymsChanged(), "synonyms", "*", None),
    (AccountNoticed(), "notice", "*", None),
    (KeysTurned(), "keys", "*", None),
    (SuggestionsCounted(), "suggestions", "*", None),
    (ProductsEmbedded((3, 5)), "embedded", "*", {"products": [3, 5]}),
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


@pytest.mark.parametrize(("event", "facts"), ORDER_STEPS)
def test_the_step_of_an_order_stands_in_the_table_as_ever_to_the_byte(
    event: OrderStepped, facts: dict[str, object]
) -> None:
    text = json.dumps(event.to_json())
    assert text == json.dumps(STEP_JSON | facts)
    assert (event.topic, event.key) == ("order", "12")
    assert OrderStepped.of_json("12", json.loads(text)) == event


def test_every_topic_is_written_by_its_type() -> None:
    topics = {value for name, value in vars(log).items() if name.isupper() and isinstance(value, str)}
    assert {event.topic for event, *_ in WRITTEN} | {OrderStepped.topic} == topics - {log.CHANNEL}
    types = {type(event) for event, *_ in WRITTEN}
    assert len({kind.topic for kind in types}) == len(types), "no type reads the events of another"


@pytest.mark.parametrize(
    ("message", "comment"),
    [("A parcel of your order was corrected.", ""), ("The number was wrong.", "The number was wrong.")],
)
def test_a_correction_by_an_earlier_release_is_one(message: str, comment: str) -> None:
    before = {name: value for name, value in STEP_JSON.items() if name != "code"}
    note = before | {"message": message, "shipment": PARCEL_JSON, "note": True}
    corrected = OrderStepped.of_json("12", note | {"corrected": True})
    assert corrected.step is not None
    assert corrected.step.code == StepCode.PARCEL_CORRECTED
    assert message_of(corrected.step, ENGLISH) == message
    assert corrected.facts.comment == comment
    another = OrderStepped.of_json("12", note | {"corrected": False}).step
    assert another is not None
    assert another.code != StepCode.PARCEL_CORRECTED


def test_what_an_order_tells_and_what_earlier_releases_did_not() -> None:
    payload = {"user_id": 7, "status": "CONFIRMED", "products": [3, 3], "country": "US"}
    assert OrderStepped.of_json("1", payload) == OrderStepped(
        order_id=1, user_id=7, product_ids=(3, 3), country="US"
    )
    assert OrderStepped.of_json("1", {"user_id": None}) == OrderStepped(order_id=1)
    assert OrderStepped.of_json("1", None) == OrderStepped(order_id=1)
    before = {name: value for name, value in STEP_JSON.items() if name != "code"}
    assert OrderStepped.of_json("12", before) == OrderStepped(
        order_id=12, user_id=7, step=replace(STEP, code="")
    )
    returned = before | {"return": RETURN_JSON | {"answer": "It was worn."}, "note": True}
    assert OrderStepped.of_json("12", returned).facts == StepFacts(returned=RETURN, comment="It was worn.")
    assert CartChanged.of_json("7", {"added": 3}) == CartChanged(7, 3)
    assert BehaviorRecorded.of_json("7", None) == BehaviorRecorded("7")
    assert BehaviorRecorded.of_json("7", {"visitor": None, "seen": []}).user_id == 7
