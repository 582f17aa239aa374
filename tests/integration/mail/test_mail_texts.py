"""What the mails say: every number from its setting, parcels and returns by name, and no forged line."""

from __future__ import annotations

import asyncio
import json
import re
import types
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import refund_service_pb2 as after
from support.outbox_desk import Desk

from server.events.order_steps import OrderStepped, Parcel, ParcelItem, Step
from server.events.step_facts import StepFacts, StepRefund, StepReturn
from server.mail import compose
from server.mail.compose import LowStock, about_order, about_stock
from server.mail.senders import Files

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FORGED = "Mug\r\nTotal: 0.00 USD\u2028Yours\u202e\x01"
KINDS = sorted(compose._SUBJECTS)
ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "country": "US"}


def row(**fields: Any) -> Any:
    """A row of a table."""
    return types.SimpleNamespace(**fields)


def order(**fields: Any) -> Any:
    """An order with its buyer."""
    amounts = {name: 0 for _, name, _ in compose._TOTALS}
    values = {
        "id": 1, "number": "SO-1", "currency": "USD", "full_name": "Ann", "total_minor": 1000, "address": ADDRESS,
        "placed_at": NOW, "eta": NOW, **amounts,
    }  # fmt: skip
    return row(**(values | fields))


def line(name: str = "Mug", *options: tuple[str, str]) -> Any:
    """A line of it."""
    return row(
        order_id=1, position=1, sku="MUG", name=name, quantity=2, total_minor=1000, options=options or None
    )


def stepped(*, message: str = "Another parcel of your order is on its way.", **facts: Any) -> OrderStepped:
    """The event of a step that has everything a mail may tell."""
    eta = facts.pop("eta", NOW + timedelta(days=2))
    parcel = facts.pop(
        "parcel", Parcel(1, "DHL", "0034", "https://dhl.test/0034", (ParcelItem(1, 1, 1, 2),), NOW)
    )
    everything = {
        "refund": StepRefund(1, 500, "USD"),
        "failed_refund": StepRefund(1, 500, "USD"),
        "returned": StepReturn(1, "APPROVED", {1: 2}),
        "comment": "Use the label inside.",
    }
    step = Step(4, "SHIPPED", message, "", eta, NOW, parcel, facts=StepFacts(**(everything | facts)))
    return OrderStepped(order_id=1, step=step)


def written(kind: str, *, names: str = "Mug", return_days: int | None = 30, **fields: Any) -> compose.Letter:
    """A mail of a kind."""
    return about_order(
        kind, order(full_name=names), [line(names)], stepped(**fields), now=NOW, return_days=return_days
    )


def numbers(letter: compose.Letter) -> set[str]:
    """The numbers of its text that are not of this order, nor of the frame of its HTML."""
    return set(re.findall(r"\b\d+ (?:days?|hours?|minutes?|units?)\b", f"{letter.plain} {letter.html}"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("days", [1, 14, 99])
def test_every_number_in_a_mail_comes_from_its_setting(kind: str, days: int) -> None:
    said = numbers(written(kind, return_days=days))
    assert said == ({f"{days} day{'' if days == 1 else 's'}"} if kind == "delivered" else set())


def test_without_the_setting_no_number_of_days_is_promised() -> None:
    assert numbers(written("delivered", return_days=None)) == set()


@pytest.mark.parametrize("threshold", [3, 77])
def test_the_mail_about_stock_says_the_threshold_that_is_set(threshold: int) -> None:
    shelf = LowStock(1, [row(units=1, name="Mug", sku="MUG", options=[["size", "L"]])])
    letter = about_stock(shelf, LowStock(0, []), threshold)
    assert "1 of Mug (L) (MUG)" in letter.plain
    assert f"{threshold} units" in letter.plain
    assert f"{threshold} units" in letter.html


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_with_line_breaks_adds_no_line_to_a_mail(kind: str) -> None:
    honest = written(kind)
    forged = written(kind, names=FORGED, message=FORGED, comment=FORGED)
    assert forged.plain.splitlines() != honest.plain.splitlines()
    assert len(forged.plain.splitlines()) == len(honest.plain.splitlines())
    assert not any(text.lstrip().startswith("Total: 0.00") for text in forged.plain.splitlines())
    for sign in ("\u2028", "\u202e", "\x01", "\r"):
        assert sign not in forged.plain + forged.html


def test_a_product_name_with_line_breaks_adds_no_line_to_the_stock_mail() -> None:
    shelf = LowStock(1, [row(units=1, name=FORGED, sku="MUG", options=None)])
    letter = about_stock(shelf, LowStock(0, []), 5)
    assert not any(text.startswith("Total: 0.00") for text in letter.plain.splitlines())


@pytest.mark.parametrize("kind", ["shipped", "parcel"])
def test_the_mail_names_carrier_number_link_and_units(kind: str) -> None:
    letter = written(kind)
    for text in (letter.plain, letter.html):
        for said in ("DHL", "0034", "https://dhl.test/0034", "In this parcel"):
            assert said in text
    assert "  2 x Mug" in letter.plain
    without = written(kind, parcel=None)
    assert "racking" not in without.plain + without.html


def test_a_mail_names_what_variant_of_a_product_it_is_about() -> None:
    lines = [line("Shirt", ("color", "Red"), ("size", "M"))]
    placed = about_order("placed", order(), lines, stepped(), now=NOW, return_days=30)
    assert "2 x Shirt (Red, M) (MUG): 10.00 USD" in placed.plain
    parcel = about_order("parcel", order(), lines, stepped(), now=NOW, return_days=30)
    assert "2 x Shirt (Red, M)" in parcel.plain


@pytest.mark.parametrize("kind", ["placed", "processing", "shipped", "parcel"])
def test_no_mail_contains_an_estimate_that_has_passed(kind: str) -> None:
    assert "Monday, 30 November 2026" in written(kind).plain
    passed = written(kind, eta=NOW - timedelta(days=7))
    assert "should arrive" not in passed.plain + passed.html
    assert "should arrive" not in written(kind, eta=None).plain


def test_parcels_and_each_step_of_a_return_send_the_buyer_mails(desk: Desk, tmp_path: Path) -> None:
    shop = desk.shop
    buyer = shop.customer()
    placed = shop.order(buyer, 3)
    unit = pb.LineQuantity(variant_id=placed.items[0].variant_id, quantity=1)
    shop.move(placed.id, pb.Order.PROCESSING)
    for number, units in (("11", 2), ("22", 1)):
        items = [pb.LineQuantity(variant_id=unit.variant_id, quantity=units)]
        shop.move(placed.id, pb.Order.SHIPPED, shipment=pb.Shipment(tracking_number=number, items=items))
    shop.move(placed.id, pb.Order.DELIVERED)
    admin = shop.admin.metadata

    def ask() -> int:
        request = after.RequestReturnRequest(order_id=placed.id, items=[unit], reason="Too small")
        return int(shop.refunds.RequestReturn(request, metadata=buyer.metadata).id)

    refused = after.RejectReturnRequest(return_id=ask(), comment="It was worn.")
    shop.refunds.RejectReturn(refused, metadata=admin)
    return_id = ask()
    agreed = after.ApproveReturnRequest(return_id=return_id, comment="Use the label inside.")
    shop.refunds.ApproveReturn(agreed, metadata=admin)
    shop.refunds.ReceiveReturn(after.ReceiveReturnRequest(return_id=return_id), metadata=admin)
    asyncio.run(desk.mails(Files(tmp_path)).run())
    mails = {mail.kind: mail.plain for mail in desk.mail_rows()}
    kinds = [mail.kind for mail in desk.mail_rows()]
    assert sorted(kinds) == sorted(
        [
            *(
                "placed",
                "processing",
                "shipped",
                "parcel",
                "delivered",
                "return_requested",
                "return_rejected",
            ),
            *("return_requested", "return_approved", "return_received", "refunded"),
        ]
    )
    assert "Tracking number: 11" in mails["shipped"]
    assert "Tracking number: 22" in mails["parcel"]
    assert "It was worn." in mails["return_rejected"]
    assert "Use the label inside." in mails["return_approved"]
    assert all("1 x " in mails[kind] for kind in kinds if kind.startswith("return_"))
    assert "We pay you back" in mails["return_received"]


def in_the_form_of_an_earlier_release(payload: dict[str, Any]) -> dict[str, Any]:
    """What a release before the codes of steps wrote of the same step."""
    older = {name: fact for name, fact in payload.items() if name not in ("code", "comment")}
    if "return" in older:
        older["return"] |= {"answer": payload.get("comment", "")}
    if older.get("note") and "shipment" in older:
        older["corrected"] = payload["code"] == "PARCEL_CORRECTED"
    return older


def test_what_an_earlier_release_left_to_be_mailed_says_the_same(desk: Desk, tmp_path: Path) -> None:
    shop = desk.shop
    buyer = shop.customer()
    placed = shop.order(buyer)
    shop.move(placed.id, pb.Order.PROCESSING)
    shop.move(placed.id, pb.Order.SHIPPED, shipment=pb.Shipment(tracking_number="11"))
    shop.move(placed.id, pb.Order.SHIPPED, shipment=pb.Shipment(id=1, tracking_number="12"))
    shop.move(placed.id, pb.Order.DELIVERED)
    request = after.RequestReturnRequest(order_id=placed.id, all=True, reason="Too small")
    asked = shop.refunds.RequestReturn(request, metadata=buyer.metadata)
    rejection = after.RejectReturnRequest(return_id=asked.id, comment="It was worn.")
    shop.refunds.RejectReturn(rejection, metadata=shop.admin.metadata)
    events = shop.sql(
        "SELECT id, CAST(payload AS TEXT) AS payload FROM events WHERE topic = 'order' AND key = :key",
        key=str(placed.id),
    )
    for event in events:
        older = json.dumps(in_the_form_of_an_earlier_release(json.loads(event.payload)))
        shop.sql("UPDATE events SET payload = :older WHERE id = :id", older=older, id=event.id)
    asyncio.run(desk.mails(Files(tmp_path)).run())
    mails = {mail.kind: mail.plain for mail in desk.mail_rows()}
    assert "It was worn." in mails["return_rejected"]
    assert "corrected" in mails["parcel"]
    assert "12" in mails["parcel"]
