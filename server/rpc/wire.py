"""Values that every service converts: money and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from server.errors import FieldReason, InvalidField, InvalidMoney
from server.money import MAX_MINOR, Money, decimals, to_minor_from, to_minor_up_to

MAX_INT32 = 2**31 - 1
"""The highest that an int32 field can say; more is shown as this."""

_NANOS = 9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=10_000)
def money_to_wire(minor: int, currency: str) -> MoneyMessage:
    """An amount in minor units as google.type.Money. Do not change the message: everyone gets the same."""
    scale = 10 ** decimals(currency)
    units, rest = divmod(abs(minor), scale)
    nanos = rest * 10**_NANOS // scale
    sign = -1 if minor < 0 else 1
    return MoneyMessage(currency_code=currency, units=sign * units, nanos=sign * nanos)


def money_from_wire(money: MoneyMessage, field: str, *, currency: str) -> Money:
    """A price sent by a client, in `currency`, which is also meant when none is named.

    Raises InvalidMoney when it is negative, too large, finer than the minor unit, or in another currency.
    """
    if money.currency_code.upper() not in ("", currency):
        raise InvalidMoney(field=field, problem=f"must be in {currency}")
    if money.units < 0 or money.nanos < 0:
        raise InvalidMoney(field=field, problem="must not be negative")
    step = 10 ** (_NANOS - decimals(currency))
    if money.nanos >= 10**_NANOS or money.nanos % step:
        raise InvalidMoney(field=field, problem=f"{currency} has {decimals(currency)} decimals".lstrip())
    minor = money.units * 10 ** decimals(currency) + money.nanos // step
    if minor > MAX_MINOR:
        raise InvalidMoney(field=field, problem="is too large")
    return Money(minor, currency)


def price_range_from_wire(low: str, high: str, currency: str) -> tuple[int | None, int | None]:
    """The bounds `min_price` and `max_price` of a filter, decimal numbers in `currency`, in minor units.

    An empty one bounds nothing. Raises InvalidMoney, and InvalidField when the lower one is above the other.
    """
    lowest, highest = _bound(low, "min_price"), _bound(high, "max_price")
    if lowest is not None and highest is not None and lowest > highest:
        raise InvalidField(("min_price", "must not be above max_price", FieldReason.CONFLICT))
    # A bound finer than the currency admits what truly lies inside: up for the lower one, down for the upper one.
    return (
        None if lowest is None else to_minor_from(lowest, currency),
        None if highest is None else to_minor_up_to(highest, currency),
    )


def _bound(text: str, field: str) -> Decimal | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,12}(\.\d{1,3})?", text):
        raise InvalidMoney(field=field, problem="must be a decimal number such as 9.99")
    return Decimal(text)


def time_to_wire(moment: datetime | None) -> Timestamp | None:
    """A time as a Timestamp; None stays None."""
    if moment is None:
        return None
    # FromDatetime goes through calendar arithmetic and costs ten times this.
    delta = moment - _EPOCH
    return Timestamp(seconds=delta.days * 86_400 + delta.seconds, nanos=delta.microseconds * 1000)


def time_from_wire(message: Message, field: str) -> datetime | None:
    """The time in a Timestamp field, to the microsecond; None when it is not set."""
    if not message.HasField(field):
        return None
    timestamp: Timestamp = getattr(message, field)
    return timestamp.ToDatetime(tzinfo=UTC)
