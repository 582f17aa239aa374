"""Composes the mails, about an order's step or low stock, as subject, text and HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from server.catalog.variants.options import label_of, options_of
from server.db.base import AnyRow
from server.events.order_steps import OrderStepped, Parcel, Step
from server.events.step_facts import StepFacts
from server.money import Money
from server.order import status

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

Facts = dict[str, object]
"""What a template fills in, by name."""


@dataclass(frozen=True)
class Letter:
    """A mail's content."""

    subject: str
    plain: str
    html: str


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
    now: datetime,
    return_days: int | None,
) -> Letter:
    """A mail about a step of an order, written `now`; `return_days` is how long goods can be sent back."""
    currency = order.currency
    names = {line.position: _name(line) for line in lines}
    facts = {
        "order": order,
        "message": event.step.message if event.step is not None else "",
        "lines": [
            (line.quantity, names[line.position], line.sku, Money(line.total_minor, currency))
            for line in lines
        ],
        "totals": _totals(order),
        "total": Money(order.total_minor, currency),
        "address": _address(order.address),
        "eta": _day(_future_eta(event.step, now)),
        "return_days": return_days,
        "parcel": _parcel(event.parcel, names),
        "corrected": event.is_correction,
        "returned": _return(event.facts, names),
        "repaid": event.facts.refund.amount if event.facts.refund is not None else None,
        "refunded": event.facts.money or Money(0, currency),
    }
    return letter(kind, _SUBJECTS[kind].format(number=order.number), facts)


def about_stock(new: LowStock, others: LowStock, threshold: int) -> Letter:
    """A mail about products that are running out."""
    things = "product is" if new.count == 1 else "products are"
    facts = {"shelves": [("New", new), ("Still low", others)], "threshold": threshold}
    return letter("low_stock", f"{new.count} {things} running out", facts)


def about_payments(rows: Sequence[AnyRow], more: int) -> Letter:
    """A mail about reports of the payment gateways, refunds and disputes that a person must look at."""
    count = len(rows) + more
    things = "report about payments needs" if count == 1 else "reports about payments need"
    return letter("payment_alert", f"{count} {things} you", {"rows": rows, "more": more})


def letter(kind: str, subject: str, facts: Facts) -> Letter:
    """Fill the templates of a kind."""
    templates = _templates()
    return Letter(
        subject,
        templates.get_template(f"{kind}.txt").render(facts, subject=subject),
        templates.get_template(f"{kind}.html").render(facts, subject=subject),
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        # Names and addresses are the customers' own words: in HTML they are text, never markup.
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        finalize=_one_line,
    )


def _one_line(value: object) -> object:
    """Put a template's value on one line: a name with line breaks cannot add lines of its own."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    line = " ".join(value.split())
    return line if line.isprintable() else "".join(sign for sign in line if sign.isprintable())


def _future_eta(step: Step | None, now: datetime) -> datetime | None:
    """The time by which the step expects the order to arrive; None when it has passed already."""
    eta = step.eta if step is not None else None
    return eta if eta is not None and eta > now else None


def _name(line: AnyRow) -> str:
    """The product of a line, or of a variant, with its options: "Shirt (Red, M)"."""
    label = label_of(options_of(line.options))
    return f"{line.name} ({label})" if label else str(line.name)


def _parcel(parcel: Parcel | None, names: Mapping[int, str]) -> Facts | None:
    if parcel is None:
        return None
    facts = (("Carrier", parcel.carrier), ("Tracking number", parcel.tracking_number))
    return {
        "facts": [(label, value) for label, value in facts if value],
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


def _day(moment: datetime | None) -> str:
    return f"{moment:%A, %d %B %Y}" if moment is not None else ""
