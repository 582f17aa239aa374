"""The rules of saved payment methods: tokens, never card numbers, and exactly one default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.crypto.vault import Cell, Unreadable
from server.db.base import AnyRow
from server.db.sealing import vault_of
from server.errors import FieldReason, InvalidField, TooMany
from server.etags import check_etag, etag_of_content
from server.user import payment_method_queries as queries
from server.user.card_numbers import refuse_card_number
from server.user.errors import PaymentMethodNotFound
from server.user.service import hold

MAX_PAYMENT_METHODS: Final = 20
TOKENS: Final = "payment_methods.token"
DEFAULT_STAYS: Final = "is the default: set is_default on another payment method instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaymentMethod:
    """A payment method to save, with the gateway's token."""

    kind: str
    token: str
    brand: str
    last_four: str
    is_default: bool


def etag_of(method: AnyRow) -> str:
    """What changes with every change of a payment method."""
    return etag_of_content(method.version, method.is_default, str(method.created_at))


def get_payment_method(connection: Connection, user_id: int, payment_method_id: int) -> AnyRow:
    """One of a user's saved payment methods. Raises PaymentMethodNotFound, also for another user's."""
    row = queries.payment_method(connection, user_id, payment_method_id)
    if row is None:
        raise PaymentMethodNotFound(payment_method_id=payment_method_id)
    return row


def create_payment_method(tx: Connection, user_id: int, method: NewPaymentMethod, now: datetime) -> AnyRow:
    """Save a payment method, its token sealed, and return it; the first becomes the default.

    Raises CardNumberRefused, InvalidField without a kind or token, TooMany, and UserNotFound.
    """
    for name, text in (("token", method.token), ("brand", method.brand), ("last_four", method.last_four)):
        refuse_card_number(f"payment_method.{name}", text)
    missing = [name for name in ("kind", "token") if not getattr(method, name)]
    if missing:
        raise InvalidField(
            *((f"payment_method.{name}", "is required", FieldReason.REQUIRED) for name in missing)
        )
    hold(tx, user_id)  # so that two calls do not each see the nineteenth, or leave two defaults
    count, method_id = queries.count(tx, user_id)
    if count >= MAX_PAYMENT_METHODS:
        raise TooMany(limit=MAX_PAYMENT_METHODS, resources="payment methods")
    is_default = count == 0 or method.is_default
    if is_default:
        queries.clear_default(tx, user_id)
    token = vault_of(tx).seal_token(method.token, Cell(TOKENS, method_id), user_id)
    sealed = replace(method, token=token, is_default=is_default)
    return queries.add(tx, user_id, asdict(sealed) | {"id": method_id, "created_at": now})


def update_payment_method(
    tx: Connection, user_id: int, payment_method_id: int, changes: Mapping[str, bool], etag: str
) -> AnyRow:
    """Change whether a payment method is the default, and return it.

    Raises PaymentMethodNotFound, StaleEtag, and InvalidField when the default would have no successor.
    """
    hold(tx, user_id)
    current = get_payment_method(tx, user_id, payment_method_id)
    check_etag(etag, etag_of(current), "payment method")
    becomes_default = changes.get("is_default", current.is_default)
    if becomes_default == current.is_default:
        return current
    if not becomes_default:
        raise InvalidField(("payment_method.is_default", DEFAULT_STAYS))
    queries.clear_default(tx, user_id)
    return queries.make_default(tx, user_id, payment_method_id)


def delete_payment_method(tx: Connection, user_id: int, payment_method_id: int, etag: str) -> None:
    """Delete a payment method; the newest of the others follows a default.

    Raises PaymentMethodNotFound and StaleEtag.
    """
    hold(tx, user_id)
    if etag:
        check_etag(etag, etag_of(get_payment_method(tx, user_id, payment_method_id)), "payment method")
    was_default = queries.remove(tx, user_id, payment_method_id)
    if was_default is None:
        raise PaymentMethodNotFound(payment_method_id=payment_method_id)
    if was_default:
        queries.make_newest_default(tx, user_id)


def token_for_checkout(connection: Connection, user_id: int, payment_method_id: int, kind: str) -> str:
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
        cell = Cell(TOKENS, payment_method_id)
        return vault_of(connection).open_token(row.token, cell, user_id)
    except Unreadable:
        raise InvalidField(("payment_method_id", "can no longer be read: save it anew")) from None
