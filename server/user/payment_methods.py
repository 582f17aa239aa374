"""The rules of saved payment methods: tokens, never card numbers, and exactly one default."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.crypto.vault import Unreadable, Vault
from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField, TooMany
from server.user import payment_method_queries as queries
from server.user.card_numbers import refuse_card_number
from server.user.errors import PaymentMethodNotFound
from server.user.service import hold

MAX_PAYMENT_METHODS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaymentMethod:
    """A payment method to save, with the gateway's token."""

    kind: str
    token: str
    brand: str
    last_four: str
    is_default: bool


def add_payment_method(
    tx: Connection, vault: Vault, user_id: int, method: NewPaymentMethod, now: datetime
) -> AnyRow:
    """Save a payment method, its token sealed, and return it; the first becomes the default.

    Raises CardNumberRefused, InvalidField without a token, TooMany, and UserNotFound.
    """
    for name, text in (("token", method.token), ("brand", method.brand), ("last_four", method.last_four)):
        refuse_card_number(f"payment_method.{name}", text)
    if not method.token:
        raise InvalidField(("payment_method.token", "is required", FieldReason.REQUIRED))
    hold(tx, user_id)  # so that two calls do not each see the nineteenth, or leave two defaults
    count = queries.count(tx, user_id)
    if count >= MAX_PAYMENT_METHODS:
        raise TooMany(limit=MAX_PAYMENT_METHODS, resources="payment methods")
    is_default = count == 0 or method.is_default
    if is_default:
        queries.clear_default(tx, user_id)
    sealed = replace(method, token=vault.seal(method.token, user_id), is_default=is_default)
    return queries.add(tx, user_id, asdict(sealed) | {"created_at": now})


def delete_payment_method(tx: Connection, user_id: int, payment_method_id: int) -> None:
    """Delete a payment method; the newest of the others follows a default. Raises PaymentMethodNotFound."""
    hold(tx, user_id)
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
        raise InvalidField(
            ("payment_method", f"the saved payment method is {row.kind}", FieldReason.CONFLICT)
        )
    try:
        return vault.open(row.token, user_id)
    except Unreadable:
        raise InvalidField(("payment_method_id", "can no longer be read: save it anew")) from None
