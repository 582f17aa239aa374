"""Parcels of the demo's orders: carriers that people know, and numbers of their kinds, which lead nowhere."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Final

from server.events.order_steps import Parcel

_CARRIERS: Final = (
    ("DHL", "00340434", 12, "https://www.dhl.com/en/home/tracking.html?tracking-id="),
    ("UPS", "1Z999AA1", 10, "https://www.ups.com/track?tracknum="),
    ("FedEx", "7712", 8, "https://www.fedex.com/fedextrack/?trknbr="),
    ("USPS", "94001118", 14, "https://tools.usps.com/go/TrackConfirmAction?tLabels="),
)
"""Name, how its numbers begin, how many digits follow, and where they are followed."""


def parcel_of(order_number: str, shipped_at: datetime) -> Parcel:
    """The one parcel of an order, the same each time."""
    rng = Random(order_number)  # noqa: S311 - demo data
    carrier, prefix, digits, page = rng.choice(_CARRIERS)
    number = prefix + "".join(rng.choices("0123456789", k=digits))
    return Parcel(1, carrier, number, page + number, (), shipped_at)
