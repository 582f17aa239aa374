"""What a cart has to tell: changes since things were put into it, each with its facts and a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Self

from server.catalog.offers import Offer
from server.money import Money
from server.text.languages import Sentence


class Change(StrEnum):
    """What happened: the codes of the contract."""

    WITHDRAWN = "WITHDRAWN"
    ABOVE_LIMIT = "ABOVE_LIMIT"
    SOLD_OUT = "SOLD_OUT"
    FEWER_LEFT = "FEWER_LEFT"
    PRICE_ROSE = "PRICE_ROSE"
    PRICE_FELL = "PRICE_FELL"
    LEFT_OUT_CART_FULL = "LEFT_OUT_CART_FULL"
    LEFT_OUT_CURRENCY = "LEFT_OUT_CURRENCY"
    LEFT_OUT_WITHDRAWN = "LEFT_OUT_WITHDRAWN"
    LEFT_OUT_SOLD_OUT = "LEFT_OUT_SOLD_OUT"
    LOWERED = "LOWERED"
    ORDER_PUT_BACK = "ORDER_PUT_BACK"
    ORDER_LEFT_OUT_CURRENCY = "ORDER_LEFT_OUT_CURRENCY"
    ORDERED_SINCE = "ORDERED_SINCE"
    FEWER_POINTS = "FEWER_POINTS"


SENTENCES: Final[Mapping[Change, str]] = {
    Change.WITHDRAWN: "{name} is not sold any more.",
    Change.ABOVE_LIMIT: "One order may hold at most {limit} of {name}.",
    Change.SOLD_OUT: "{name} is sold out.",
    Change.FEWER_LEFT: "Only {available} of {name} left.",
    Change.PRICE_ROSE: "The price of {name} rose from {before} to {price}.",
    Change.PRICE_FELL: "The price of {name} fell from {before} to {price}.",
    Change.LEFT_OUT_CART_FULL: "{name} was left out: a cart holds at most {limit} products.",
    Change.LEFT_OUT_CURRENCY: "{name} was left out: it is sold in {currency}, your cart is in {cart_currency}.",
    Change.LEFT_OUT_WITHDRAWN: "{name} was left out: it is not sold any more.",
    Change.LEFT_OUT_SOLD_OUT: "{name} was left out: it is sold out.",
    Change.LOWERED: "{requested} of {name} were wanted, {available} could be kept.",
    Change.ORDER_PUT_BACK: "Order {order_number} was not paid: what it held is in your cart again.",
    Change.ORDER_LEFT_OUT_CURRENCY: (
        "What order {order_number} held was left out: it is sold in {currency}, your cart is in {cart_currency}."
    ),
    Change.ORDERED_SINCE: "{requested} of {name} did not return to your cart: you have ordered them since.",
    Change.FEWER_POINTS: "Of the {requested} points to redeem you have {available} left.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CartChange:
    """A change of a cart; prices are of one unit, in `currency`. What does not apply is 0 or empty."""

    code: Change
    item_id: int = 0
    product_id: int = 0
    variant_id: int = 0
    name: str = ""
    requested: int = 0
    available: int = 0
    limit: int = 0
    price_before_minor: int = 0
    price_minor: int = 0
    currency: str = ""
    cart_currency: str = ""
    order_number: str = ""

    @classmethod
    def of(cls, code: Change, offer: Offer, **facts: object) -> Self:
        """A change that is about an offer."""
        named = {"product_id": offer.product_id, "variant_id": offer.variant_id, "name": offer.name}
        return cls(code=code, **{**named, "currency": offer.currency, **facts})  # type: ignore[arg-type]

    @property
    def sentence(self) -> Sentence:
        """It as a sentence."""
        facts: dict[str, object] = {
            "name": self.name,
            "requested": self.requested,
            "available": self.available,
            "limit": self.limit,
            "before": Money(self.price_before_minor, self.currency),
            "price": Money(self.price_minor, self.currency),
            "currency": self.currency,
            "cart_currency": self.cart_currency,
            "order_number": self.order_number,
        }
        return Sentence(SENTENCES[self.code], facts)

    def to_line(self) -> str:
        """It as one line of text, as a cart keeps it."""
        facts = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(facts, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def of_line(cls, line: str) -> Self:
        """The change that `to_line` wrote."""
        facts = json.loads(line)
        return cls(**{**facts, "code": Change(facts["code"])})


def notes_of(stored: str) -> tuple[CartChange, ...]:
    """The changes that a cart keeps; sentences, which releases before this one kept, are left out."""
    return tuple(CartChange.of_line(line) for line in stored.splitlines() if line.startswith("{"))
