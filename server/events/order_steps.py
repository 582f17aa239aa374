"""What the shop's events say of orders: the step that was taken, and what it is about.

`of_json` reads what any release has written: a field that came later has a default.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Final, Self

from server.events import log
from server.events.models import JsonObject
from server.events.step_facts import NO_FACTS, StepCode, StepFacts
from server.events.topics import Payload

_CORRECTED: Final = "A parcel of your order was corrected."
"""What earlier releases said of a correction of which the staff said nothing."""


@dataclass(frozen=True, slots=True)
class ParcelItem:
    """Units of a line of the order that are in a parcel."""

    position: int
    variant_id: int
    product_id: int
    quantity: int
    # Not compared: parcels of earlier releases have none.
    sku: str = field(default="", compare=False)
    options: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """What the variant is: names with their values."""

    def to_json(self) -> JsonObject:
        """The units."""
        json: JsonObject = {
            "position": self.position,
            "variant_id": self.variant_id,
            "product_id": self.product_id,
            "quantity": self.quantity,
        }
        if self.sku:
            json["sku"] = self.sku
        if self.options:
            json["options"] = [[name, value] for name, value in self.options]
        return json

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The units that `to_json` wrote."""
        return cls(
            json["position"],
            json["variant_id"],
            json["product_id"],
            json["quantity"],
            json.get("sku", ""),
            tuple((name, value) for name, value in json.get("options", ())),
        )


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel of an order, numbered from 1."""

    id: int
    carrier: str
    tracking_number: str
    tracking_url: str
    items: tuple[ParcelItem, ...]
    shipped_at: datetime

    def to_json(self) -> JsonObject:
        """The parcel, as the order's row keeps it too."""
        return {
            "id": self.id,
            "carrier": self.carrier,
            "tracking_number": self.tracking_number,
            "tracking_url": self.tracking_url,
            "items": [item.to_json() for item in self.items],
            "shipped_at": self.shipped_at.isoformat(),
        }

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The parcel that `to_json` wrote."""
        return cls(
            json["id"],
            json["carrier"],
            json["tracking_number"],
            json["tracking_url"],
            tuple(map(ParcelItem.of_json, json["items"])),
            datetime.fromisoformat(json["shipped_at"]),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an order; `sequence` is 1 for the first. `parcel` was handed over or corrected by it.

    `message` is its sentence in English. One that an earlier release wrote has no code, and only that.
    """

    sequence: int
    status: str
    message: str
    location: str
    eta: datetime | None
    time: datetime
    parcel: Parcel | None = None
    code: str = field(default="", kw_only=True)
    facts: StepFacts = field(default=NO_FACTS, kw_only=True)

    def to_json(self) -> JsonObject:
        """The step without its parcel and its facts, its times in ISO 8601."""
        return {
            "sequence": self.sequence,
            "code": self.code,
            "status": self.status,
            "message": self.message,
            "location": self.location,
            "eta": self.eta.isoformat() if self.eta else None,
            "time": self.time.isoformat(),
        }

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The step that `to_json` wrote, and the parcel and the facts beside it.

        Earlier releases wrote `corrected` of a parcel that was known, and no code.
        """
        code, facts = json.get("code", ""), StepFacts.of_json(json)
        if json.get("corrected"):
            code = StepCode.PARCEL_CORRECTED
            if json["message"] != _CORRECTED:  # it is the staff's
                facts = replace(facts, comment=json["message"])
        return cls(
            json["sequence"],
            json["status"],
            json["message"],
            json["location"],
            datetime.fromisoformat(json["eta"]) if json["eta"] else None,
            datetime.fromisoformat(json["time"]),
            Parcel.of_json(json["shipment"]) if json.get("shipment") else None,
            code=code,
            facts=facts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStepped:
    """An order took a step: whose it is, and of one that was confirmed what it holds and where it goes.

    A note tells something and leaves the status as it was.
    """

    topic: ClassVar[str] = log.ORDER
    order_id: int
    user_id: int | None = None
    step: Step | None = None
    """None only in events that were not written by an order."""
    product_ids: tuple[int, ...] = ()
    country: str = ""
    is_note: bool = False

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)

    @property
    def parcel(self) -> Parcel | None:
        """The parcel that the step handed over or corrected."""
        return self.step.parcel if self.step is not None else None

    @property
    def facts(self) -> StepFacts:
        """What the step is about."""
        return self.step.facts if self.step is not None else NO_FACTS

    @property
    def new_status(self) -> str:
        """The status that the order reached; empty for a note."""
        return self.step.status if self.step is not None and not self.is_note else ""

    def to_json(self) -> JsonObject:
        """All that there is beside the key."""
        json: JsonObject = self.step.to_json() if self.step is not None else {}
        json["user_id"] = self.user_id
        if self.product_ids:
            json |= {"products": list(self.product_ids), "country": self.country}
        if self.parcel is not None:
            json["shipment"] = self.parcel.to_json()
        json |= self.facts.to_json()
        if self.is_note:
            json["note"] = True
        return json

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        json = payload or {}
        user_id = json.get("user_id")
        return cls(
            order_id=int(key),
            user_id=int(user_id) if user_id is not None else None,
            step=Step.of_json(json) if "sequence" in json else None,
            product_ids=tuple(json.get("products", ())),
            country=json.get("country", ""),
            is_note=bool(json.get("note")),
        )
