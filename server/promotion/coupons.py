"""The rules of coupons: who may have which, on the cart, and what an admin may make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.audit.log import Actor, note_change, write
from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField
from server.etags import check_etag, etag_of
from server.pricing.tiers import Tiers
from server.promotion import point_queries, queries
from server.promotion.coupon_terms import Changes, CouponTerms, changed, terms_of
from server.promotion.errors import CouponCodeTaken, CouponNotFound


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


def get(connection: Connection, coupon_id: int) -> AnyRow:
    """A coupon. Raises CouponNotFound."""
    row = queries.coupon(connection, coupon_id)
    if row is None:
        raise CouponNotFound(coupon_id=coupon_id)
    return row


def create(tx: Connection, code: str, terms: Changes, actor: Actor, now: datetime) -> AnyRow:
    """Create a coupon. Raises InvalidField and CouponCodeTaken."""
    if not code:
        raise InvalidField(("coupon.code", "is required", FieldReason.REQUIRED))
    columns = changed(CouponTerms(), terms).columns()
    values = columns | {"code": normal(code), "created_at": now, "updated_at": now}
    coupon_id = queries.insert_coupon(tx, values)
    if coupon_id is None:
        raise CouponCodeTaken(code=normal(code))
    write(tx, actor, "CreateCoupon", f"coupon/{coupon_id}", now, code=normal(code))
    return get(tx, coupon_id)


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
    check_etag(etag, etag_of(row.version), "coupon")
    if code and normal(code) != row.code:
        raise InvalidField(
            ("coupon.code", f"is fixed: {row.code}; create another coupon", FieldReason.IMMUTABLE)
        )
    terms = changed(terms_of(row), changes_in(row.currency))
    _check_limits(tx, row, terms)
    columns = terms.columns()
    names = sorted(name for name, value in columns.items() if getattr(row, name) != value)
    if not names:
        return row
    queries.update_coupon(tx, coupon_id, columns | {"updated_at": now})
    note_change({name: getattr(row, name) for name in names}, {name: columns[name] for name in names})
    write(tx, actor, "UpdateCoupon", f"coupon/{coupon_id}", now, code=row.code)
    return get(tx, coupon_id)


def _check_limits(tx: Connection, row: AnyRow, terms: CouponTerms) -> None:
    """A limit holds always, so it cannot be put below what is used already; the lock keeps that from growing."""
    if terms.usage_limit and terms.usage_limit < row.used:
        raise _below("usage_limit", row.used)
    if terms.per_user_limit not in (0, row.per_user_limit):
        most = queries.most_used_by_one(tx, row.id)
        if terms.per_user_limit < most:
            raise _below("per_user_limit", most)


def _below(field: str, used: int) -> InvalidField:
    return InvalidField((f"coupon.{field}", f"must not be below the {used} orders that use it already"))


def normal(code: str) -> str:
    """A code as it is stored: its case does not matter, nor do spaces around it."""
    return code.strip().upper()
