"""The rules of coupons: who may have which, on the cart, and what an admin may make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.db.base import AnyRow
from server.errors import InvalidField
from server.etags import check_etag
from server.money import Money
from server.pricing.tiers import Tiers
from server.promotion import point_queries, queries
from server.promotion.errors import CouponCodeTaken, CouponNotFound

Changes: TypeAlias = Mapping[str, Any]
"""What a coupon shall be: columns by name, and its amounts as Money (or None) by the name of their field."""
Columns: TypeAlias = Mapping[str, Any]
"""The columns of a coupon by name."""

_AMOUNTS = {
    "amount": "amount_minor",
    "min_purchase": "min_purchase_minor",
    "max_discount": "max_discount_minor",
}


def usable(
    connection: Connection,
    user_id: int,
    tiers: Tiers,
    now: datetime,
    after: Sequence[object] | None,
    limit: int,
) -> Sequence[AnyRow]:
    """A page of the coupons that a user could use now, whatever their cart holds."""
    reached = tiers.reached(point_queries.account(connection, user_id).lifetime)
    return queries.usable_page(connection, user_id, reached, now, after, limit)


def create(tx: Connection, code: str, terms: Changes, actor: Actor, now: datetime) -> AnyRow:
    """Create a coupon. Raises InvalidField and CouponCodeTaken."""
    if not code:
        raise InvalidField(("coupon.code", "is required"))
    values = _columns({}, terms) | {"code": normal(code), "created_at": now, "updated_at": now}
    coupon_id = queries.insert_coupon(tx, values)
    if coupon_id is None:
        raise CouponCodeTaken(code=normal(code))
    write(tx, actor, "CreateCoupon", f"coupon/{coupon_id}", now, code=normal(code))
    return _read(tx, coupon_id)


def update(
    tx: Connection,
    coupon_id: int,
    code: str,
    etag: str,
    changes_in: Callable[[str], Changes],
    actor: Actor,
    now: datetime,
) -> AnyRow:
    """Change a coupon; `changes_in` reads the changes, with amounts that name no currency in the one it is given.

    Raises CouponNotFound, StaleEtag, and InvalidField for another code or terms that contradict each other.
    """
    row = queries.coupon(tx, coupon_id, lock=True)
    if row is None:
        raise CouponNotFound(coupon_id=coupon_id)
    check_etag(etag, row.version, "coupon")
    if code and normal(code) != row.code:
        raise InvalidField(("coupon.code", f"is fixed: {row.code}; create another coupon"))
    before = row._asdict()
    values = _columns(before, changes_in(row.currency))
    _check_limits(tx, row, values)
    queries.update_coupon(tx, coupon_id, values | {"updated_at": now})
    changed = sorted(name for name, value in values.items() if before[name] != value)
    write(tx, actor, "UpdateCoupon", f"coupon/{coupon_id}", now, code=row.code, changed=changed)
    return _read(tx, coupon_id)


def _check_limits(tx: Connection, row: AnyRow, values: Columns) -> None:
    """A limit holds always, so it cannot be put below what is used already; the lock keeps that from growing."""
    most = queries.most_used_by_one(tx, row.id) if values.get("per_user_limit") else 0
    for field, used in (("usage_limit", row.used), ("per_user_limit", most)):
        if values.get(field) and values[field] < used:
            raise InvalidField(
                (f"coupon.{field}", f"must not be below the {used} orders that use it already")
            )


def normal(code: str) -> str:
    """A code as it is stored: its case does not matter, nor do spaces around it."""
    return code.strip().upper()


def _read(tx: Connection, coupon_id: int) -> AnyRow:
    row = queries.coupon(tx, coupon_id)
    if row is None:
        raise CouponNotFound(coupon_id=coupon_id)
    return row


def _columns(current: Columns, changes: Changes) -> dict[str, object]:
    """The columns that the changes make of a coupon. Raises InvalidField where they contradict each other."""
    amounts = {field: _amount(current, changes, field) for field in _AMOUNTS}
    percent_bp = changes.get("percent_bp", current.get("percent_bp"))
    # Naming the one way to take something off ends the other.
    if changes.get("percent_bp") is not None and changes.get("amount") is None:
        amounts["amount"] = None
    elif changes.get("amount") is not None and changes.get("percent_bp") is None:
        percent_bp = None
    columns = {name: value for name, value in changes.items() if name not in _AMOUNTS}
    columns |= {"percent_bp": percent_bp, "currency": _one_currency(amounts)}
    columns |= {_AMOUNTS[field]: money.minor if money else None for field, money in amounts.items()}
    columns["min_purchase_minor"] = columns["min_purchase_minor"] or 0
    _check(columns, dict(current) | columns)
    return columns


def _amount(current: Columns, changes: Changes, field: str) -> Money | None:
    if field in changes:
        sent: Money | None = changes[field]
        return sent
    minor = current.get(_AMOUNTS[field])
    return Money(minor, current["currency"]) if minor else None


def _one_currency(amounts: Mapping[str, Money | None]) -> str:
    """The currency of a coupon's amounts; "" when it has none, and can be used in any."""
    currencies = {money.currency for money in amounts.values() if money is not None}
    if len(currencies) > 1:
        raise InvalidField(
            ("coupon", f"its amounts are in {' and '.join(sorted(currencies))}; one is needed")
        )
    return currencies.pop() if currencies else ""


def _check(columns: Columns, whole: Columns) -> None:
    if (columns["percent_bp"] is None) == (columns["amount_minor"] is None):
        raise InvalidField(("coupon.discount", "needs either percent or amount"))
    for field in ("amount", "max_discount"):
        if columns[_AMOUNTS[field]] == 0:
            raise InvalidField((f"coupon.{field}", "must be above 0"))
    if columns["max_discount_minor"] is not None and columns["percent_bp"] is None:
        raise InvalidField(("coupon.max_discount", "bounds a percentage; an amount needs no bound"))
    begins, ends = whole.get("valid_from"), whole.get("valid_until")
    if begins is not None and ends is not None and begins >= ends:
        raise InvalidField(("coupon.valid_until", "must be after valid_from"))
