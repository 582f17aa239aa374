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
from server.vault import Unreadable, Vault

MOST: Final = 20
_CARD_DIGITS: Final = range(13, 20)
_DIGITS: Final = re.compile(r"([^\W\d_])?(\d(?:[\W_]*\d){12,})(?=([^\W\d_])?)")
"""Digits, with whatever is between them that is neither letter nor digit; and the letters that touch them."""
_ISSUED: Final = [
    re.compile(f"(?=({form}))")
    for form in (
        *(r"4\d{15}", r"4\d{18}"),  # Visa
        *(r"5[1-5]\d{14}", r"2[2-7]\d{14}"),  # Mastercard, Mir
        *(r"3[47]\d{13}", r"3[068]\d{12}", r"35\d{14}"),  # American Express, Diners, JCB
        *(r"6\d{15}", r"6\d{16}", r"6\d{17}", r"6\d{18}"),  # Discover, UnionPay, RuPay, Maestro
    )
]
"""The forms of the large networks' numbers, wherever they begin."""


def list_payment_methods(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """A user's saved payment methods, the default first, then the newest."""
    return queries.payment_methods(connection, user_id)


def add_payment_method(
    tx: Connection, vault: Vault, user_id: int, values: Mapping[str, Any], now: datetime
) -> AnyRow:
    """Save a payment method, its token sealed, and return it; the first becomes the default.

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
    sealed = vault.seal(values["token"], user_id)
    return queries.add(tx, user_id, {**values, "token": sealed, "is_default": is_default, "created_at": now})


def delete_payment_method(tx: Connection, user_id: int, payment_method_id: int) -> None:
    """Delete a payment method; the newest of the others follows a default. Raises PaymentMethodNotFound."""
    _lock(tx, user_id)
    was_default = queries.remove(tx, user_id, payment_method_id)
    if was_default is None:
        raise PaymentMethodNotFound(payment_method_id=payment_method_id)
    if was_default:
        queries.make_newest_default(tx, user_id)


def token_for_checkout(
    connection: Connection, vault: Vault, user_id: int, payment_method_id: int, kind: str
) -> str:
    """The token of one of the user's payment methods.

    Raises PaymentMethodNotFound, also for another user's, and InvalidField when it is of another kind or was saved
    under another SECRET_KEY.
    """
    row = queries.token(connection, user_id, payment_method_id)
    if row is None:
        raise PaymentMethodNotFound(payment_method_id=payment_method_id)
    if row.kind != kind:
        raise InvalidField(("payment_method", f"the saved payment method is {row.kind}"))
    try:
        return vault.open(row.token, user_id)
    except Unreadable:
        raise InvalidField(("payment_method_id", "can no longer be read: save it anew")) from None


def refuse_card_number(field: str, text: str) -> None:
    """Raise CardNumberRefused when `text` holds what looks like a card number."""
    if holds_card_number(text):
        raise CardNumberRefused(field=field)


def holds_card_number(text: str) -> bool:
    """Whether the digits in `text` look like a card number, or a part of them does: its date or code may follow.

    Where they stand alone, all of them do when they are 13 to 19 with the right check digit, which one of ten such
    numbers has by chance. Of a part of them, or among letters, it must be a large network's number by its form as
    well: of tokens like Stripe's less than one in a hundred million is refused, of UUIDs one in a thousand. A
    gateway whose tokens are digits alone would need another form.
    """
    for before, run, after in _DIGITS.findall(text):
        digits = "".join(str(int(one)) for one in run if one.isdecimal())
        whole = digits.lstrip("0")
        if not (before or after) and len(whole) in _CARD_DIGITS and _luhn(whole):
            return True
        if any(_luhn(part) for form in _ISSUED for part in form.findall(digits)):
            return True
    return False


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in number]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _lock(tx: Connection, user_id: int) -> None:
    """Hold the user, so that two calls do not each see the nineteenth, or leave two defaults."""
    if lock_user(tx, user_id) is None:
        raise UserNotFound(user_id=user_id)
