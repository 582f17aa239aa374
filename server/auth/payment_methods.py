"""The rules of saved payment methods: tokens, never card numbers, and exactly one default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from server.auth import payment_method_queries as queries
from server.auth.errors import CardNumberRefused, PaymentMethodNotFound
from server.auth.queries import lock_user
from server.db.base import AnyRow
from server.errors import InvalidField, TooMany, UserNotFound

MOST: Final = 20
_RUN_OF_DIGITS: Final = re.compile(r"[1-9](?:[ -]?\d){12,}")
_CARD_DIGITS: Final = range(13, 20)


def list_payment_methods(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """A user's saved payment methods, the default first, then the newest."""
    return queries.payment_methods(connection, user_id)


def add_payment_method(tx: Connection, user_id: int, values: Mapping[str, Any], now: datetime) -> AnyRow:
    """Save a payment method and return it; the first becomes the default.

    Raises CardNumberRefused, InvalidField without a token, TooMany, and UserNotFound.
    """
    for name in ("token", "brand", "last_four"):
        refuse_card_number(f"payment_method.{name}", values[name])
    if not values["token"]:
        raise InvalidField(("payment_method.token", "is required"))
    _lock(tx, user_id)
    count = queries.count(tx, user_id)
    if count >= MOST:
        raise TooMany(limit=MOST, things="payment methods")
    is_default = count == 0 or bool(values["is_default"])
    if is_default:
        queries.clear_default(tx, user_id)
    return queries.add(tx, user_id, {**values, "is_default": is_default, "created_at": now})


def delete_payment_method(tx: Connection, user_id: int, payment_method_id: int) -> None:
    """Delete a payment method; the newest of the others follows a default. Raises PaymentMethodNotFound."""
    _lock(tx, user_id)
    was_default = queries.remove(tx, user_id, payment_method_id)
    if was_default is None:
        raise PaymentMethodNotFound(payment_method_id=payment_method_id)
    if was_default:
        queries.make_newest_default(tx, user_id)


def token_for_checkout(connection: Connection, user_id: int, payment_method_id: int, kind: str) -> str:
    """The token of one of the user's payment methods.

    Raises PaymentMethodNotFound, also for another user's, and InvalidField when it is of another kind.
    """
    row = queries.token(connection, user_id, payment_method_id)
    if row is None:
        raise PaymentMethodNotFound(payment_method_id=payment_method_id)
    if row.kind != kind:
        raise InvalidField(("payment_method", f"the saved payment method is {row.kind}"))
    return str(row.token)


def refuse_card_number(field: str, text: str) -> None:
    """Raise CardNumberRefused when `text` holds what looks like a card number, spaces and dashes or not.

    13 to 19 digits in a row with the right check digit. One of ten such runs has it by chance: a gateway whose
    tokens are long numbers would need another prefix.
    """
    for run in _RUN_OF_DIGITS.findall(text):
        digits = [int(one) for one in run if one.isdigit()]
        if len(digits) in _CARD_DIGITS and _luhn(digits):
            raise CardNumberRefused(field=field)


def _luhn(digits: Sequence[int]) -> bool:
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _lock(tx: Connection, user_id: int) -> None:
    """Hold the user, so that two calls do not each see the nineteenth, or leave two defaults."""
    if lock_user(tx, user_id) is None:
        raise UserNotFound(user_id=user_id)
