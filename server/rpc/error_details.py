"""The facts of refusals as typed messages: details that programs read beside the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage
from sanset.v1 import error_details_pb2 as pb
from sanset.v1.payment_pb2 import Payment
from sanset.v1.pricing_pb2 import CouponFailure

from server.errors import LineRefusal, Refusal
from server.money import Money
from server.rpc.wire import MAX_INT32, money_to_wire, time_to_wire

MAX_LINES_BYTES: Final = 2000
"""Bytes that the lines of a refusal may take, as all details together must fit into a header."""
MAX_NAME: Final = 60
"""Characters of a product's name; the id says which it is."""

_Values: TypeAlias = Mapping[str, object]


def typed_detail(refusal: Refusal) -> Message | None:
    """The facts of a refusal as the message that the contract has for its reason; None where it has none."""
    if isinstance(refusal, LineRefusal):
        return _line_failure(refusal)
    make = _BY_REASON.get(refusal.reason)
    return make(refusal.reason, refusal.values) if make is not None else None


def _line_failure(refusal: LineRefusal) -> pb.LineFailure:
    failure = pb.LineFailure()
    for line in refusal.lines or (refusal,):
        failure.lines.append(_line(line.reason, line.values))
        if failure.ByteSize() > MAX_LINES_BYTES:
            del failure.lines[-1]
            break
    return failure


def _line(reason: str, values: _Values) -> pb.LineFailure.Line:
    return pb.LineFailure.Line(
        reason=reason,
        item_id=_number(values, "item_id"),
        product_id=_number(values, "product_id"),
        variant_id=_number(values, "variant_id"),
        name=str(values["name"])[:MAX_NAME],
        requested=_number(values, "requested"),
        available=_count(values, "available"),
        limit=_count(values, "limit"),
        days=_count(values, "days"),
        bought=_count(values, "bought"),
        currency=str(values.get("currency", "")),
        cart_currency=str(values.get("cart_currency", "")),
    )


def _price_change(_: str, values: _Values) -> pb.PriceChange:
    return pb.PriceChange(total=_money(values, "total"), expected=_money(values, "expected"))


def _payment_failure(reason: str, values: _Values) -> pb.PaymentFailure:
    amount = _money(values, "amount")
    code = values.get("decline_code")
    return pb.PaymentFailure(
        decline_code=Payment.DeclineCode.Value(code)
        if isinstance(code, str)
        else Payment.DECLINE_CODE_UNSPECIFIED,
        order_id=_number(values, "order_id"),
        requested=_money(values, "requested"),
        available=_money(values, "available"),
        disputed=amount if reason == "ORDER_DISPUTED" else None,
        refunded=amount if reason == "ORDER_PAID_BACK" else None,
    )


def coupon_failure(reason: str, values: _Values) -> CouponFailure:
    """Why a coupon takes nothing off."""
    return CouponFailure(
        reason=reason,
        code=str(values["code"]),
        minimum=_money(values, "minimum"),
        missing=_money(values, "missing"),
        valid_from=_time(values, "valid_from"),
        valid_until=_time(values, "valid_until"),
        limit=_number(values, "limit"),
        order_id=_number(values, "order_id"),
        currency=str(values.get("currency", "")),
        tier=str(values.get("tier", "")),
    )


def _points_failure(_: str, values: _Values) -> pb.PointsFailure:
    return pb.PointsFailure(
        requested=_number(values, "requested"), points=_number(values, "points"), held=_number(values, "held")
    )


_BY_REASON: Final[Mapping[str, Callable[[str, _Values], Message]]] = {
    "PRICE_CHANGED": _price_change,
    **dict.fromkeys(
        ("PAYMENT_DECLINED", "REFUND_TOO_LARGE", "ORDER_DISPUTED", "ORDER_PAID_BACK"), _payment_failure
    ),
    **dict.fromkeys(("POINTS_TOO_FEW", "POINTS_HELD"), _points_failure),
    **dict.fromkeys(
        (
            "COUPON_UNKNOWN",
            "COUPON_DISABLED",
            "COUPON_NOT_STARTED",
            "COUPON_EXPIRED",
            "COUPON_BELOW_MINIMUM",
            "COUPON_TIER_TOO_LOW",
            "COUPON_USED_UP",
            "COUPON_USED_BY_YOU",
            "COUPON_CURRENCY",
            "COUPON_HELD",
        ),
        coupon_failure,
    ),
}


def _number(values: _Values, name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) else 0


def _count(values: _Values, name: str) -> int | None:
    value = values.get(name)
    return min(value, MAX_INT32) if isinstance(value, int) else None


def _money(values: _Values, name: str) -> MoneyMessage | None:
    value = values.get(name)
    return money_to_wire(value.minor, value.currency) if isinstance(value, Money) else None


def _time(values: _Values, name: str) -> Timestamp | None:
    value = values.get(name)
    return time_to_wire(value) if isinstance(value, datetime) else None
