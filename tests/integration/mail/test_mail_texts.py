"""What the mails say: every number from its setting, parcels and returns by name, and no forged line."""

from __future__ import annotations

import asyncio
import json
import re
import types
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2, payment_pb2
from sanset.v1 import refund_service_pb2 as after
from support.outbox_desk import Desk

from server.auth.recovery.notices import DueNotice, Notice, NoticeKind
from server.events.order_steps import OrderStepped, Parcel, ParcelItem, Step
from server.events.step_facts import StepCode, StepFacts, StepRefund, StepReturn
from server.mail import compose
from server.mail.account_letters import about_account
from server.mail.compose import LowStock, about_order, about_payments, about_stock
from server.mail.letters import Letter
from server.mail.senders import Files

pytestmark = pytest.mark.either

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
    code = facts.pop("code", StepCode.PARCEL_SHIPPED)
    step = Step(
        4, "SHIPPED", message, "", eta, NOW, parcel, code=code, facts=StepFacts(**(everything | facts))
    )
    return OrderStepped(order_id=1, step=step)


def written(
    kind: str, *, names: str = "Mug", return_days: int | None = 30, language: str = "en", **fields: Any
) -> Letter:
    """A mail of a kind."""
    return about_order(
        kind,
        order(full_name=names),
        [line(names)],
        stepped(**fields),
        language=language,
        now=NOW,
        return_days=return_days,
    )


def numbers(letter: Letter) -> set[str]:
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
    letter = about_stock(shelf, LowStock(0, []), threshold, "en")
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
    letter = about_stock(shelf, LowStock(0, []), 5, "en")
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
    placed = about_order("placed", order(), lines, stepped(), language="en", now=NOW, return_days=30)
    assert "2 x Shirt (Red, M) (MUG): 10.00 USD" in placed.plain
    parcel = about_order("parcel", order(), lines, stepped(), language="en", now=NOW, return_days=30)
    assert "2 x Shirt (Red, M)" in parcel.plain


@pytest.mark.parametrize("kind", ["placed", "processing", "shipped", "parcel"])
def test_no_mail_contains_an_estimate_that_has_passed(kind: str) -> None:
    assert "Monday, 30 November 2026" in written(kind).plain
    passed = written(kind, eta=NOW - timedelta(days=7))
    assert "should arrive" not in passed.plain + passed.html
    assert "should arrive" not in written(kind, eta=None).plain


ENGLISH_WORDS = re.compile(r"\b(?:your?|the|order|is|was|of|it|we|back|by|within)\b", re.IGNORECASE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_whole_in_its_language(kind: str) -> None:
    facts = {"names": "Tee", "comment": "Danke.", "language": "de"}
    letter = written(kind, **facts)
    html = re.sub(r"<[^>]*>", " ", letter.html)
    assert ENGLISH_WORDS.findall(f"{letter.subject} {letter.plain} {html}".replace("Main Street", "")) == []
    assert '<html lang="de">' in letter.html
    for text in (letter.plain, html):
        assert "Hallo Tee," in text
        assert "10,00 USD" in text
        assert "vom 28. November 2026" in text


def test_amounts_and_days_are_written_as_the_language_does() -> None:
    placed = written("placed", language="de")
    assert "bis Montag, 30. November 2026 an." in placed.plain
    assert "Wir erstatten Ihnen <strong>5,00 USD</strong> auf" in written("refunded", language="de").html
    cancelled = written("cancelled", language="de", comment="", code=StepCode.CANCELLED)
    assert "wurde storniert. 5,00 USD gehen an Sie zurück." in cancelled.plain
    yen = order(currency="JPY", total_minor=1200)
    letter = about_order("placed", yen, [], stepped(), language="de", now=NOW, return_days=30)
    assert "Gesamt: 1200 JPY" in letter.plain


def test_a_name_is_text_in_every_language() -> None:
    for language in ("en", "de"):
        letter = written("placed", names="<b>{name} & Co</b>", language=language)
        assert "<b>" not in letter.html
        assert "&lt;b&gt;{name} &amp; Co&lt;/b&gt;," in letter.html
        assert " <b>{name} & Co</b>," in letter.plain


def test_mails_of_the_shop_are_in_its_language() -> None:
    shelf = LowStock(3, [row(units=1, name="Mug", sku="MUG", options=None)])
    stock = about_stock(shelf, shelf, 5, "de")
    assert stock.subject == "3 Artikel gehen zur Neige"
    for said in ("Höchstens 5 Stück", "Weiterhin knapp", "1 von Mug (MUG)", "und 2 weitere"):
        assert said in stock.plain
    alert = row(created_at=NOW, gateway="stripe", problem="Amounts differ.")
    payments = about_payments([alert], 1, "de")
    assert payments.subject == "2 Meldungen zu Zahlungen brauchen Sie"
    assert "und 1 weitere; sie stehen im Log" in payments.html


@pytest.mark.parametrize(
    ("language", "default", "greeting"),
    [
        ("", "de", "Hallo"),
        ("en", "de", "Hello"),
        ("de", "en", "Hallo"),
        ("xx", "de", "Hallo"),
        ("", "xx", "Hello"),
    ],
)
def test_a_mail_of_an_account_falls_back_to_the_shops_language(
    language: str, default: str, greeting: str
) -> None:
    notice = Notice(
        kind=NoticeKind.PASSWORD_CHANGED, recipient="a@b.test", full_name="Ann", language=language
    )
    letter = about_account(DueNotice(notice, ""), link_base="https://shop.test", default_language=default)
    assert letter.plain.startswith(f"{greeting} Ann,")


@pytest.mark.parametrize(
    ("header", "default", "subject"),
    [
        ("de-AT,en;q=0.5", "en", "Ihre Bestellung "),
        ("en", "de", "Your order "),
        ("fr", "de", "Ihre Bestellung "),
        (None, "xx", "Your order "),
    ],
)
def test_mails_of_an_order_are_in_the_language_of_its_checkout(
    desk: Desk, tmp_path: Path, header: str | None, default: str, subject: str
) -> None:
    shop = desk.shop
    buyer = shop.customer()
    product = shop.product()
    shop.add(buyer, product.id)
    request = order_service_pb2.CheckoutRequest(
        request_id=str(uuid.uuid4()), payment_method=payment_pb2.Payment.CARD
    )
    languages = [("accept-language", header)] if header else []
    placed = shop.orders.Checkout(request, metadata=(*buyer.metadata, *languages)).order
    shop.move(placed.id, pb.Order.PROCESSING)  # whatever language those speak who pack it
    asyncio.run(desk.mails(Files(tmp_path), language=default).run())
    mails = {mail.kind: mail for mail in desk.mail_rows() if mail.order_id == placed.id}
    assert set(mails) == {"placed", "processing"}
    assert all(mail.subject.startswith(subject) for mail in mails.values())
    assert f"1 x {product.name}" in mails["placed"].plain


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
