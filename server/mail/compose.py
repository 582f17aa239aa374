"""Composes the mails about an order's step, low stock and payments, in the language of who reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.catalog.variants.options import label_of, options_of
from server.db.base import AnyRow
from server.events.order_steps import OrderStepped, Parcel, Step
from server.events.step_facts import StepFacts
from server.mail.formats import amount_in, date_in, day_in
from server.mail.letters import Letter, letter
from server.money import Money
from server.order import status
from server.order.steps import message_of
from server.text.languages import Sentence

KIND_OF_STATUS: Final = {
    status.CONFIRMED: "placed",
    status.SHIPPED: "shipped",
    status.DELIVERED: "delivered",
    status.CANCELLED: "cancelled",
}
"""The steps that buyers are written of. An order is acknowledged once it is paid."""

_MORE_KINDS: Final = {status.PROCESSING: "processing"}
"""Steps that buyers are written of as well. `sanset verify` does not ask for these mails: some shops are older."""

SEVERAL: Final = frozenset(
    {"parcel", "refunded", "refund_failed"}
    | {f"return_{state}" for state in ("requested", "approved", "rejected", "received")}
)
"""Kinds of which an order may have several mails, distinguished by their keys."""

_SUBJECTS: Final = {
    "placed": "Your order {number}",
    "shipped": "Your order {number} is on its way",
    "delivered": "Your order {number} was delivered",
    "cancelled": "Your order {number} was cancelled",
    "processing": "Your order {number} is being packed",
    "parcel": "Your order {number}: a parcel",
    "return_requested": "Your return of order {number}",
    "return_approved": "Your return of order {number} was accepted",
    "return_rejected": "Your return of order {number} was refused",
    "return_received": "Your return of order {number} arrived",
    "refunded": "Money back for your order {number}",
    "refund_failed": "Money back for your order {number} is delayed",
}

_TOTALS: Final = (
    ("Subtotal", "subtotal_minor", 1),
    ("Discounts on products", "product_discount_minor", -1),
    ("Your membership", "tier_discount_minor", -1),
    ("Coupon", "coupon_discount_minor", -1),
    ("Points", "points_discount_minor", -1),
    ("Shipping", "shipping_minor", 1),
    ("Tax", "tax_minor", 1),
)

_NEW: Final = "New"
_STILL_LOW: Final = "Still low"
_ONE_LOW: Final = "{count} product is running out"
_SEVERAL_LOW: Final = "{count} products are running out"
_ONE_REPORT: Final = "{count} report about payments needs you"
_SEVERAL_REPORTS: Final = "{count} reports about payments need you"
_CARRIER: Final = "Carrier"
_TRACKING_NUMBER: Final = "Tracking number"

SENTENCES: Final = frozenset(
    {
        *_SUBJECTS.values(),
        *(label for label, _, _ in _TOTALS),
        *(_NEW, _STILL_LOW, _ONE_LOW, _SEVERAL_LOW, _ONE_REPORT, _SEVERAL_REPORTS),
        *(_CARRIER, _TRACKING_NUMBER),
    }
)
"""What these mails say beside their templates."""

Facts = dict[str, object]
"""What a template fills in, by name."""


@dataclass(frozen=True)
class LowStock:
    """Products that are running out: their number, and those that are shown."""

    count: int
    rows: Sequence[AnyRow]

    @property
    def lines(self) -> Sequence[tuple[int, str, str]]:
        """Of each that is shown the units that are left, its name with its options, and its sku."""
        return [(row.units, _name(row), row.sku) for row in self.rows]

    @property
    def more(self) -> int:
        """The number of products that are not shown."""
        return self.count - len(self.rows)


def kinds_of(event: OrderStepped) -> list[tuple[str, str]]:
    """The mails that an order's event asks for: pairs of a kind and the part that is unique within it.

    The status of a step that is only a note asks for none.
    """
    kinds = []
    kind = KIND_OF_STATUS.get(event.new_status) or _MORE_KINDS.get(event.new_status)
    if kind is not None:
        kinds.append((kind, ""))  # once in an order's life: a refused return makes it DELIVERED again
    if event.parcel is not None and event.is_note and event.step is not None:
        kinds.append(("parcel", str(event.step.sequence)))
    facts = event.facts
    if facts.returned is not None:
        kinds.append((f"return_{facts.returned.state.lower()}", str(facts.returned.id)))
    if facts.refund is not None:
        kinds.append(("refunded", str(facts.refund.id)))
    if facts.failed_refund is not None:
        kinds.append(("refund_failed", str(facts.failed_refund.id)))
    return kinds


def about_order(
    kind: str,
    order: AnyRow,
    lines: Sequence[AnyRow],
    event: OrderStepped,
    *,
    language: str,
    now: datetime,
    return_days: int | None,
) -> Letter:
    """A mail about a step of an order, written `now`; `return_days` is how long goods can be sent back."""

    def amount(money: Money) -> str:
        return amount_in(language, money)

    currency, eta = order.currency, _future_eta(event.step, now)
    names = {line.position: _name(line) for line in lines}
    facts = {
        "order": order,
        "message": message_of(event.step, language, amount) if event.step is not None else "",
        "lines": [
            (line.quantity, names[line.position], line.sku, amount(Money(line.total_minor, currency)))
            for line in lines
        ],
        "totals": [(_in(language, label), amount(money)) for label, money in _totals(order)],
        "total": amount(Money(order.total_minor, currency)),
        "address": _address(order.address),
        "placed": date_in(language, order.placed_at),
        "eta": day_in(language, eta) if eta is not None else "",
        "return_days": return_days,
        "parcel": _parcel(event.parcel, names, language),
        "returned": _return(event.facts, names),
        "repaid": amount(event.facts.refund.amount) if event.facts.refund is not None else None,
        "refunded": amount(event.facts.money or Money(0, currency)),
    }
    return letter(kind, Sentence(_SUBJECTS[kind], {"number": order.number}), facts, language)


def about_stock(new: LowStock, others: LowStock, threshold: int, language: str) -> Letter:
    """A mail about products that are running out."""
    subject = Sentence(_ONE_LOW if new.count == 1 else _SEVERAL_LOW, {"count": new.count})
    shelves = [(_in(language, _NEW), new), (_in(language, _STILL_LOW), others)]
    return letter("low_stock", subject, {"shelves": shelves, "threshold": threshold}, language)


def about_payments(rows: Sequence[AnyRow], more: int, language: str) -> Letter:
    """A mail about reports of the payment gateways, refunds and disputes that a person must look at."""
    count = len(rows) + more
    subject = Sentence(_ONE_REPORT if count == 1 else _SEVERAL_REPORTS, {"count": count})
    return letter("payment_alert", subject, {"rows": rows, "more": more}, language)


def _in(language: str, text: str) -> str:
    return Sentence(text).said_in(language)


def _future_eta(step: Step | None, now: datetime) -> datetime | None:
    """The time by which the step expects the order to arrive; None when it has passed already."""
    eta = step.eta if step is not None else None
    return eta if eta is not None and eta > now else None


def _name(line: AnyRow) -> str:
    """The product of a line, or of a variant, with its options: "Shirt (Red, M)"."""
    label = label_of(options_of(line.options))
    return f"{line.name} ({label})" if label else str(line.name)


def _parcel(parcel: Parcel | None, names: Mapping[int, str], language: str) -> Facts | None:
    if parcel is None:
        return None
    facts = ((_CARRIER, parcel.carrier), (_TRACKING_NUMBER, parcel.tracking_number))
    return {
        "facts": [(_in(language, label), value) for label, value in facts if value],
        "url": parcel.tracking_url,
        "items": [(item.quantity, names.get(item.position, "")) for item in parcel.items],
    }


def _return(facts: StepFacts, names: Mapping[int, str]) -> Facts:
    units = facts.returned.units if facts.returned is not None else {}
    items = [(quantity, names.get(position, "")) for position, quantity in units.items()]
    return {"answer": facts.comment, "items": items}


def _totals(order: AnyRow) -> list[tuple[str, Money]]:
    return [
        (label, Money(sign * getattr(order, name), order.currency))
        for label, name, sign in _TOTALS
        if getattr(order, name)
    ]


def _address(address: Mapping[str, object]) -> list[str]:
    town = " ".join(str(address.get(part) or "") for part in ("postal_code", "city", "state")).strip()
    parts = [address.get("line1"), address.get("line2"), town, address.get("country")]
    return [" ".join(str(part).split()) for part in parts if part]
