"""SQL of coupons, and of what a buyer gets off: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    SQLColumnExpression,
    and_,
    bindparam,
    column,
    func,
    insert,
    or_,
    select,
    table,
    update,
)

from server.db.base import AnyRow, AnySelect, Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.upsert import insert_for, insert_of
from server.promotion.models import Coupon, CouponUse, CouponUser, LoyaltyAccount

_OFFERED = (
    func.coalesce(LoyaltyAccount.points, 0).label("owned_points"),
    func.coalesce(LoyaltyAccount.lifetime, 0).label("owned_lifetime"),
    Coupon.id.label("offered_id"),
    Coupon.code.label("offered_code"),
    Coupon.percent_bp,
    Coupon.amount_minor,
    Coupon.min_purchase_minor,
    Coupon.max_discount_minor,
    Coupon.currency.label("coupon_currency"),
    Coupon.valid_from,
    Coupon.valid_until,
    Coupon.active.label("coupon_active"),
    Coupon.min_tier,
    Coupon.usage_limit,
    Coupon.per_user_limit,
    Coupon.used.label("coupon_used"),
    func.coalesce(CouponUser.used, 0).label("used_by_them"),
)


def joined(
    statement: AnySelect, user_id: SQLColumnExpression[int | None], is_coupon: ColumnElement[bool]
) -> AnySelect:
    """`statement` with what decides about a user's reductions: see `service.offered_from`."""
    own_uses = and_(CouponUser.coupon_id == Coupon.id, CouponUser.user_id == user_id)
    return (
        statement.add_columns(*_OFFERED)
        .outerjoin(LoyaltyAccount, LoyaltyAccount.user_id == user_id)
        .outerjoin(Coupon, is_coupon)
        .outerjoin(CouponUser, own_uses)
    )


def _offered() -> AnySelect:
    buyer = select(bindparam("user_id", type_=BigInteger).label("user_id")).subquery("asked")
    is_coupon = or_(
        Coupon.id == bindparam("coupon_id", type_=BigInteger), Coupon.code == bindparam("coupon_code")
    )
    return joined(select(buyer.c.user_id).select_from(buyer), buyer.c.user_id, is_coupon)


_OFFERED_TO = Prepared(_offered())


def offered_to(connection: Connection, user_id: int, coupon_id: int | None, coupon_code: str) -> AnyRow:
    """What decides about a user's reductions with a coupon, named by its id or its code."""
    row: AnyRow = _OFFERED_TO.one(connection, user_id=user_id, coupon_id=coupon_id, coupon_code=coupon_code)
    return row


# ── Uses of coupons


_TAKE_USE = Prepared(
    update(Coupon)
    .where(
        Coupon.id == bindparam("taken"),
        Coupon.active,
        or_(Coupon.usage_limit == 0, Coupon.used < Coupon.usage_limit),
    )
    .values(used=Coupon.used + 1)
    .returning(Coupon.per_user_limit)
)


def take_use(tx: Connection, coupon_id: int) -> int | None:
    """Count a use of a coupon, and return its limit per user; None when it was used up or disabled."""
    row = _TAKE_USE.first(tx, taken=coupon_id)
    return int(row.per_user_limit) if row else None


def _take_use_of_user_on(dialect: str) -> Statement:
    new = insert_of(dialect)(CouponUser).values(
        coupon_id=bindparam("coupon_id"), user_id=bindparam("user_id"), used=1
    )
    limit = bindparam("at_most", type_=BigInteger)
    statement: Statement = new.on_conflict_do_update(
        index_elements=[CouponUser.coupon_id, CouponUser.user_id],
        set_={"used": CouponUser.used + 1},
        where=or_(limit == 0, CouponUser.used < limit),
    ).returning(CouponUser.used)
    return statement


_TAKE_USE_OF_USER = Prepared(_take_use_of_user_on)


def take_use_of_user(tx: Connection, coupon_id: int, user_id: int, limit: int) -> bool:
    """Count a user's use of a coupon; False when they have had as many as one user may (0: any number)."""
    row = _TAKE_USE_OF_USER.first(tx, coupon_id=coupon_id, user_id=user_id, at_most=limit)
    return row is not None


# By name: the orders are of a layer above, and only their state is asked for.
_ORDERS = table(
    "orders", column("id"), column("user_id"), column("number"), column("status"), column("points_redeemed")
)
_UNPAID = _ORDERS.c.status == "PENDING_PAYMENT"


def unpaid_holder(connection: Connection, coupon_id: int, user_id: int | None) -> AnyRow | None:
    """The id and number of an unpaid order that holds a use of a coupon, of a user's when one is named."""
    statement = (
        select(_ORDERS.c.id, _ORDERS.c.number)
        .join(CouponUse, CouponUse.order_id == _ORDERS.c.id)
        .where(CouponUse.coupon_id == coupon_id, CouponUse.released_at.is_(None), _UNPAID)
    )
    if user_id is not None:
        statement = statement.where(CouponUse.user_id == user_id)
    return connection.execute(statement.order_by(CouponUse.order_id).limit(1)).first()


def reserved_points(connection: Connection, user_id: int) -> int:
    """The points that a user's unpaid orders hold."""
    statement = select(func.coalesce(func.sum(_ORDERS.c.points_redeemed), 0))
    return int(connection.scalar(statement.where(_ORDERS.c.user_id == user_id, _UNPAID)) or 0)


_INSERT_USE = Prepared(insert(CouponUse))


def insert_use(tx: Connection, order_id: int, coupon_id: int, user_id: int) -> None:
    """Record that an order uses a coupon."""
    _INSERT_USE.later(tx, order_id=order_id, coupon_id=coupon_id, user_id=user_id, released_at=None)


def release_use(tx: Connection, order_id: int, now: datetime) -> bool:
    """Give back the use of an order's coupon; False when it has none, or gave it back before."""
    row = tx.execute(
        update(CouponUse)
        .where(CouponUse.order_id == order_id, CouponUse.released_at.is_(None))
        .values(released_at=now)
        .returning(CouponUse.coupon_id, CouponUse.user_id)
    ).one_or_none()
    if row is None:
        return False
    # The coupon before its user, as a checkout takes them: the other way round the two could deadlock.
    tx.execute(update(Coupon).where(Coupon.id == row.coupon_id).values(used=Coupon.used - 1))
    tx.execute(
        update(CouponUser)
        .where(CouponUser.coupon_id == row.coupon_id, CouponUser.user_id == row.user_id)
        .values(used=CouponUser.used - 1)
    )
    return True


# ── Coupons


def coupon(connection: Connection, coupon_id: int, *, lock: bool = False) -> AnyRow | None:
    """A coupon; `lock` holds it until the transaction ends."""
    statement = select(*Coupon.__table__.columns).where(Coupon.id == coupon_id)
    return connection.execute(statement.with_for_update() if lock else statement).one_or_none()


def most_used_by_one(connection: Connection, coupon_id: int) -> int:
    """How many orders of the user who uses a coupon most hold it."""
    most = select(func.coalesce(func.max(CouponUser.used), 0)).where(CouponUser.coupon_id == coupon_id)
    return int(connection.execute(most).scalar_one())


def insert_coupon(tx: Connection, values: Mapping[str, object]) -> int | None:
    """Insert a coupon and return its id; None when its code is taken."""
    new = insert_for(tx)(Coupon).values(**values).on_conflict_do_nothing(index_elements=[Coupon.code])
    coupon_id: int | None = tx.execute(new.returning(Coupon.id)).scalar()
    return coupon_id


def update_coupon(tx: Connection, coupon_id: int, values: Mapping[str, object]) -> None:
    """Change a coupon and count its version up."""
    tx.execute(update(Coupon).where(Coupon.id == coupon_id).values(**values, version=Coupon.version + 1))


def coupon_page(
    connection: Connection, code: str, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """Coupons, the newest first, after the key (id); an empty code filters nothing."""
    statement = select(*Coupon.__table__.columns)
    if code:
        statement = statement.where(Coupon.code == code)
    return _page(connection, statement, after, limit)


def usable_page(
    connection: Connection,
    user_id: int,
    reached: Sequence[str],
    now: datetime,
    after: Sequence[object] | None,
    limit: int,
) -> Sequence[AnyRow]:
    """Coupons that a user of these tiers could use now, the newest first, after the key (id)."""
    own_uses = and_(CouponUser.coupon_id == Coupon.id, CouponUser.user_id == user_id)
    moment = bindparam("moment", now, type_=UtcDateTime)
    statement = (
        select(*Coupon.__table__.columns)
        .outerjoin(CouponUser, own_uses)
        .where(
            Coupon.active,
            or_(Coupon.valid_from.is_(None), Coupon.valid_from <= moment),
            or_(Coupon.valid_until.is_(None), Coupon.valid_until > moment),
            Coupon.min_tier.in_(["", *reached]),
            or_(Coupon.usage_limit == 0, Coupon.used < Coupon.usage_limit),
            or_(Coupon.per_user_limit == 0, func.coalesce(CouponUser.used, 0) < Coupon.per_user_limit),
        )
    )
    return _page(connection, statement, after, limit)


def _page(
    connection: Connection, statement: AnySelect, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    if after is not None:
        statement = statement.where(Coupon.id < after[0])
    return connection.execute(statement.order_by(Coupon.id.desc()).limit(limit)).all()
