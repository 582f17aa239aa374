"""Every column with sealed values: which rows are not sealed as they are now, and how they are sealed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import ColumnElement, LargeBinary, Table, and_, func, literal, not_, or_, select

from server.auth.second_factor.models import SecondFactor
from server.auth.second_factor.service import SECRETS
from server.crypto.vault import Cell, Vault
from server.db.base import AnyRow, AnySelect, Base
from server.keys.models import KeptKey
from server.keys.state import stored_key_cell
from server.mail.models import Mail
from server.mail.queries import BODIES, cell_of, opened
from server.order.models import Order
from server.payment.models import Payment
from server.payment.order_payment import TOKENS as PAYMENT_TOKENS
from server.repeats import claims
from server.repeats.models import IdempotencyKey
from server.user.models import Address, PaymentMethod, User
from server.user.payment_methods import TOKENS as METHOD_TOKENS
from server.user.sealed_addresses import (
    PERSONAL,
    open_snapshot,
    opened_row,
    seal_snapshot,
    sealed_columns,
)
from server.user.sealed_phones import phone_columns, phone_of

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumns:
    """Columns of a table with sealed values, which are sealed anew together."""

    mapped: type[Base]
    names: tuple[str, ...]
    """Of the columns with sealed values."""
    rows: AnySelect
    """The primary key, and what `seal` reads."""
    is_stale: Callable[[Vault], ColumnElement[bool]]
    """Whether a row is sealed otherwise than what is new, or lies open: a condition."""
    seal: Callable[[Vault, AnyRow], Values]
    """A row's columns as they are to be stored. Raises Unreadable."""

    @property
    def table(self) -> Table:
        """The table."""
        return cast(Table, self.mapped.__table__)


def _is_other(column: ColumnElement[Any], vault: Vault) -> ColumnElement[bool]:
    """Whether a text is not sealed with the key for what is new; none at all need not be."""
    return and_(column.is_not(None), column != "", not_(column.startswith(vault.mark)))


def _phone_is_stale(vault: Vault) -> ColumnElement[bool]:
    return or_(User.phone != "", _is_other(User.__table__.c.sealed_phone, vault))


def _seal_phone(vault: Vault, row: AnyRow) -> Values:
    return phone_columns(vault, phone_of(vault, row), row.id)


def _address_is_stale(vault: Vault) -> ColumnElement[bool]:
    return or_(Address.sealed.is_(None), _is_other(Address.__table__.c.sealed, vault))


def _seal_address(vault: Vault, row: AnyRow) -> Values:
    address = opened_row(vault, row)
    return sealed_columns(vault, {name: getattr(address, name) for name in PERSONAL}, row.id)


def _snapshot_is_stale(vault: Vault) -> ColumnElement[bool]:
    sealed = Order.address["sealed"].as_string()
    lies_open = or_(*(Order.address[name].as_string().is_not(None) for name in ("line1", "city", "label")))
    return or_(_is_other(sealed, vault), and_(sealed.is_(None), lies_open))


def _seal_snapshot(vault: Vault, row: AnyRow) -> Values:
    return {"address": seal_snapshot(vault, open_snapshot(vault, row.address, row.id), row.id)}


def _seal_method(vault: Vault, row: AnyRow) -> Values:
    cell = Cell(METHOD_TOKENS, row.id)
    return {"token": vault.seal(vault.open_token(row.token, cell, row.user_id), cell)}


def _seal_payment(vault: Vault, row: AnyRow) -> Values:
    cell = Cell(PAYMENT_TOKENS, row.order_id)
    return {"token": vault.seal(vault.open_token(row.token, cell, row.user_id or 0), cell)}


def _seal_mail(vault: Vault, row: AnyRow) -> Values:
    mail = opened(vault, row)
    return {name: vault.seal(getattr(mail, name), cell_of(name, row.key)) for name in BODIES}


def _reply_is_stale(vault: Vault) -> ColumnElement[bool]:
    reply, mark = IdempotencyKey.reply, vault.bytes_mark
    begin = func.substr(reply, 1, len(mark), type_=LargeBinary)
    return and_(reply.is_not(None), reply != literal(b"", LargeBinary), begin != literal(mark, LargeBinary))


def _seal_reply(vault: Vault, row: AnyRow) -> Values:
    cell = claims.cell_of(claims.Key(row.user_id, row.method, row.request_id))
    return {"reply": vault.seal_bytes(vault.open_bytes(row.reply, cell), cell)}


def _seal_key(vault: Vault, row: AnyRow) -> Values:
    cell = stored_key_cell(row.purpose, row.key_id)
    return {"sealed": vault.seal(vault.open(row.sealed, cell), cell)}


def _seal_factor(vault: Vault, row: AnyRow) -> Values:
    cell = Cell(SECRETS, row.user_id)
    return {"secret": vault.seal(vault.open_token(row.secret, cell, row.user_id), cell)}


SEALED_COLUMNS: Final = (
    SealedColumns(
        mapped=SecondFactor,
        names=("secret",),
        rows=select(SecondFactor.user_id, SecondFactor.secret),
        is_stale=lambda vault: _is_other(SecondFactor.__table__.c.secret, vault),
        seal=_seal_factor,
    ),
    SealedColumns(
        mapped=KeptKey,
        names=("sealed",),
        rows=select(KeptKey.purpose, KeptKey.key_id, KeptKey.sealed),
        is_stale=lambda vault: _is_other(KeptKey.__table__.c.sealed, vault),
        seal=_seal_key,
    ),
    SealedColumns(
        mapped=PaymentMethod,
        names=("token",),
        rows=select(PaymentMethod.id, PaymentMethod.user_id, PaymentMethod.token),
        is_stale=lambda vault: _is_other(PaymentMethod.__table__.c.token, vault),
        seal=_seal_method,
    ),
    SealedColumns(
        mapped=Payment,
        names=("token",),
        rows=select(Payment.order_id, Order.user_id, Payment.token).join(Order, Order.id == Payment.order_id),
        is_stale=lambda vault: _is_other(Payment.__table__.c.token, vault),
        seal=_seal_payment,
    ),
    SealedColumns(
        mapped=User,
        names=("sealed_phone",),
        rows=select(User.id, User.phone, User.sealed_phone),
        is_stale=_phone_is_stale,
        seal=_seal_phone,
    ),
    SealedColumns(
        mapped=Address,
        names=("sealed",),
        rows=select(
            Address.id, Address.sealed, *(column for column in Address.__table__.c if column.name in PERSONAL)
        ),
        is_stale=_address_is_stale,
        seal=_seal_address,
    ),
    SealedColumns(
        mapped=Order,
        names=("address",),
        rows=select(Order.id, Order.address),
        is_stale=_snapshot_is_stale,
        seal=_seal_snapshot,
    ),
    SealedColumns(
        mapped=Mail,
        names=BODIES,
        rows=select(Mail.id, Mail.key, Mail.plain, Mail.html),
        is_stale=lambda vault: or_(*(_is_other(Mail.__table__.c[name], vault) for name in BODIES)),
        seal=_seal_mail,
    ),
    SealedColumns(
        mapped=IdempotencyKey,
        names=("reply",),
        rows=select(
            IdempotencyKey.user_id, IdempotencyKey.method, IdempotencyKey.request_id, IdempotencyKey.reply
        ),
        is_stale=_reply_is_stale,
        seal=_seal_reply,
    ),
)
"""All there are: tests/integration/keys compares them with the columns that are marked so (`SEALED`)."""
