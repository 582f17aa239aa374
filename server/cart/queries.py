"""SQL of the carts: one function per question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    insert,
    literal_column,
    select,
    update,
)

from server.cart.models import Cart, CartItem
from server.cart.owner import Guest, Member, Owner
from server.catalog.models import Variant
from server.catalog.offers import OFFERS
from server.db.base import AnyRow, AnySelect, Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.upsert import insert_of
from server.promotion.models import Coupon
from server.promotion.queries import joined
from server.user.address_queries import default_country_of


class _OfOwner:
    """A statement on the owner's cart, for which `build` gets the condition; once for users, once for guests."""

    def __init__(self, build: Callable[[ColumnElement[bool]], Statement]) -> None:
        self._of_member = Prepared(build(Cart.user_id == bindparam("owner")))
        alive = Cart.expires_at > bindparam("moment", type_=UtcDateTime)
        same = Cart.token_hash == bindparam("owner")
        self._of_guest = Prepared(build(and_(same, Cart.merged_user_id.is_(None), alive)))

    def all(self, connection: Connection, owner: Owner, **values: object) -> list[AnyRow]:
        """Run the statement and return its rows; there are none for a guest without a token."""
        if isinstance(owner, Member):
            return self._of_member.all(connection, owner=owner.user_id, **values)
        if not owner.token:
            return []
        return self._of_guest.all(connection, owner=owner.token_hash, moment=owner.now, **values)

    def first(self, connection: Connection, owner: Owner, **values: object) -> AnyRow | None:
        """Run the statement and return its first row, or None."""
        rows = self.all(connection, owner, **values)
        return rows[0] if rows else None


def _no_earlier(moment: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The time of a change; a call that waited for another one's is no earlier than that."""
    return case((Cart.updated_at > moment, Cart.updated_at), else_=moment)


def _headed(statement: AnySelect) -> AnySelect:
    """`statement` on carts, with what the cart itself says, where it goes, and what takes something off it."""
    head = statement.add_columns(
        Cart.currency.label("cart_currency"),
        Cart.version.label("cart_version"),
        Cart.updated_at.label("cart_updated_at"),
        Cart.points.label("cart_points"),
        Cart.shown.label("cart_shown"),
        Cart.notes.label("cart_notes"),
        default_country_of(Cart.user_id).label("cart_country"),
    )
    return joined(head, Cart.user_id, Coupon.id == Cart.coupon_id)


_HEAD = _OfOwner(lambda mine: _headed(select(Cart.id.label("cart_id"))).where(mine))

_LINES = _OfOwner(
    lambda mine: (
        _headed(
            OFFERS.add_columns(CartItem.id.label("item_id"), CartItem.quantity, CartItem.added_price_minor)
            .join(CartItem, CartItem.variant_id == Variant.id)
            .join(Cart, Cart.id == CartItem.cart_id)
        )
        .where(mine)
        .order_by(CartItem.id)
    )
)


def head(connection: Connection, owner: Owner) -> AnyRow | None:
    """What is said of the owner's cart beside its lines (see `_headed`); None when there is none."""
    return _HEAD.first(connection, owner)


def lines(connection: Connection, owner: Owner) -> list[AnyRow]:
    """The items of the owner's cart in the order they were added: an offer, the item, and the cart's head each."""
    return _LINES.all(connection, owner)


# By name: Cart.id would bring all carts into the subquery, for ON CONFLICT has no FROM to correlate with.
_FILLED = exists().where(CartItem.cart_id == literal_column("carts.id"))


def _open_cart_on(dialect: str, **changed: object) -> Statement:
    new = insert_of(dialect)(Cart).values(
        user_id=bindparam("user_id"),
        currency=bindparam("currency"),
        version=1,
        updated_at=bindparam("updated_at", type_=UtcDateTime),
    )
    statement: Statement = new.on_conflict_do_update(
        index_elements=[Cart.user_id],
        set_={
            "version": Cart.version + 1,
            "updated_at": _no_earlier(new.excluded.updated_at),
            "currency": case((_FILLED, Cart.currency), else_=new.excluded.currency),
            "notes": case((_FILLED, Cart.notes), else_=""),
        }
        | changed,
    ).returning(Cart.id, Cart.currency, Cart.coupon_id, Cart.points, Cart.notes, Cart.shown)
    return statement


_OPEN_CART = Prepared(partial(_open_cart_on, shown=""))
_OPEN_FOR_RETURN = Prepared(_open_cart_on)


def open_cart(tx: Connection, user_id: int, currency: str, now: datetime) -> AnyRow:
    """Lock the user's cart, made when absent, count its version up, and return its id and currency.

    An empty cart takes `currency`; one with items keeps its own.
    """
    row: AnyRow = _OPEN_CART.one(tx, user_id=user_id, currency=currency, updated_at=now)
    return row


def open_for_return(tx: Connection, user_id: int, currency: str, now: datetime) -> AnyRow:
    """The same for an order that may give something back; which totals were shown is left to the caller."""
    row: AnyRow = _OPEN_FOR_RETURN.one(tx, user_id=user_id, currency=currency, updated_at=now)
    return row


_TOUCHED: dict[str, object] = {
    "version": Cart.version + 1,
    "updated_at": _no_earlier(bindparam("now", type_=UtcDateTime)),
    "expires_at": bindparam("until", type_=UtcDateTime),
    "shown": "",
}
"""What every change does to a cart: it counts the version up, a guest's lives on, its total is yet to be shown."""

_REOPEN_GUEST_CART = _OfOwner(
    lambda mine: (
        update(Cart)
        .where(mine)
        .values(_TOUCHED | {"currency": case((_FILLED, Cart.currency), else_=bindparam("wanted"))})
        .returning(Cart.id, Cart.currency)
    )
)


def reopen_guest_cart(tx: Connection, guest: Guest, currency: str, now: datetime) -> AnyRow | None:
    """The same as `open_cart` for the cart that a guest has, which lives on; None when they have none."""
    return _REOPEN_GUEST_CART.first(tx, guest, now=now, until=guest.until, wanted=currency)


_INSERT_GUEST_CART = Prepared(insert(Cart).returning(Cart.id, Cart.currency))


def insert_guest_cart(tx: Connection, guest: Guest, currency: str, now: datetime) -> AnyRow:
    """Make a cart for the guest's token, and return its id and currency."""
    row: AnyRow = _INSERT_GUEST_CART.one(
        tx,
        token_hash=guest.token_hash,
        currency=currency,
        version=1,
        updated_at=now,
        expires_at=guest.until,
    )
    return row


_LOCK_CART = _OfOwner(
    lambda mine: (
        update(Cart)
        .where(mine)
        .values(_TOUCHED)
        .returning(Cart.id, Cart.version, Cart.currency, Cart.coupon_id, Cart.points)
    )
)


def lock_cart(tx: Connection, owner: Owner, now: datetime) -> AnyRow | None:
    """Lock the owner's cart, count its version up, and return its row's head; None without one."""
    return _LOCK_CART.first(tx, owner, now=now, until=owner.until)


_LOCK_FOR_ORDER = Prepared(
    update(Cart)
    .where(Cart.user_id == bindparam("owner"))
    .values(
        version=Cart.version + 1,
        updated_at=_no_earlier(bindparam("now", type_=UtcDateTime)),
        notes="",
    )
)


def lock_for_order(tx: Connection, user_id: int, now: datetime) -> None:
    """Lock a user's cart that an order empties, if there is one; what is read of it afterwards stays true."""
    _LOCK_FOR_ORDER.later(tx, owner=user_id, now=now)


_SHOW = Prepared(
    update(Cart)
    .where(Cart.user_id == bindparam("owner"), Cart.version == bindparam("at"))
    .values(shown=bindparam("totals"))
)


def show(tx: Connection, user_id: int, version: int, totals: str) -> None:
    """Remember the totals that were shown of a user's cart, unless it changed meanwhile."""
    _SHOW.later(tx, owner=user_id, at=version, totals=totals)


def note(tx: Connection, cart_id: int, notes: str, shown: str) -> None:
    """Set what is to be told of a locked cart, and the totals that count as shown."""
    tx.execute(update(Cart).where(Cart.id == cart_id).values(notes=notes, shown=shown))


def shown(connection: Connection, user_id: int) -> AnyRow | None:
    """The version of a user's cart, and the totals that were shown of it; None without one."""
    return connection.execute(select(Cart.version, Cart.shown).where(Cart.user_id == user_id)).one_or_none()


_PROMOTE = Prepared(
    update(Cart)
    .where(Cart.id == bindparam("cart"))
    .values(coupon_id=bindparam("new_coupon", type_=BigInteger), points=bindparam("new_points"))
)


def promote(tx: Connection, cart_id: int, coupon_id: int | None, points: int) -> None:
    """Set the coupon of a cart that is locked, and how many points its checkout redeems."""
    _PROMOTE.later(tx, cart=cart_id, new_coupon=coupon_id, new_points=points)
