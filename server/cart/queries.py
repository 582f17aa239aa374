"""SQL of the carts: one function per question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from server.cart.models import Cart, CartItem
from server.cart.owner import Guest, Member, Owner
from server.catalog.models import Product, Variant
from server.catalog.offers import OFFER
from server.db.base import AnyRow, AnySelect, Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.upsert import insert_of
from server.db.waiting import StatementResult
from server.promotion.models import Coupon
from server.promotion.queries import joined
from server.user.address_queries import default_country_of


class _OfOwner:
    """A statement on the owner's cart, for which `build` gets the condition; once for users, once for guests."""

    def __init__(self, build: Callable[[ColumnElement[bool], str], Statement]) -> None:
        """`build` is told the name of the database, too."""
        of_member = Cart.user_id == bindparam("owner")
        alive = Cart.expires_at > bindparam("moment", type_=UtcDateTime)
        of_guest = and_(Cart.token_hash == bindparam("owner"), Cart.merged_user_id.is_(None), alive)
        self._of_member = Prepared(partial(build, of_member))
        self._of_guest = Prepared(partial(build, of_guest))

    def later(self, connection: Connection, owner: Owner, **values: object) -> StatementResult:
        """Run the statement with the next one; it returns no rows for a guest without a token."""
        if isinstance(owner, Member):
            return self._of_member.later(connection, owner=owner.user_id, **values)
        if not owner.token:
            return StatementResult([], 0)
        return self._of_guest.later(connection, owner=owner.token_hash, moment=owner.now, **values)


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


_LINES = _OfOwner(
    lambda mine, _: (
        _headed(
            select(*OFFER, CartItem.id.label("item_id"), CartItem.quantity, CartItem.added_price_minor)
            .select_from(Cart)
            .outerjoin(CartItem, CartItem.cart_id == Cart.id)
            .outerjoin(Variant, Variant.id == CartItem.variant_id)
            .outerjoin(Product, Product.id == Variant.product_id)
        )
        .where(mine)
        .order_by(CartItem.id)
    )
)


def lines(connection: Connection, owner: Owner) -> list[AnyRow]:
    """The items of the owner's cart in the order they were added: an offer, the item, and the cart's head each.

    An empty cart has one row, without an item (its `item_id` is None), and none is no cart.
    """
    return _LINES.later(connection, owner).all()


_CURRENCY: ColumnElement[str] = bindparam("currency", type_=String)

# By name: Cart.id would bring all carts into the subquery, for ON CONFLICT has no FROM to correlate with.
_FILLED = exists().where(CartItem.cart_id == literal_column("carts.id"))


def _next_line_id_on(dialect: str) -> ColumnElement[int]:
    """The id of the next line: so that the reply which names it is made, and kept, with the line itself."""
    if dialect == "postgresql":
        return func.nextval("cart_items_id_seq", type_=BigInteger).label("next_line_id")
    # Whoever asks has the only write lock.
    return select(func.coalesce(func.max(CartItem.id), 0) + 1).scalar_subquery().label("next_line_id")


# Nothing is put into a cart whose product is not there: its transaction is undone.
_CURRENCY_OF_PRODUCT = func.coalesce(
    select(Product.currency).where(Product.id == bindparam("product", type_=BigInteger)).scalar_subquery(), ""
)


def _open_cart_on(
    dialect: str,
    currency: ColumnElement[str] = _CURRENCY,
    returning: tuple[ColumnElement[int], ...] = (),
    **changed: object,
) -> Statement:
    new = insert_of(dialect)(Cart).values(
        user_id=bindparam("user_id"),
        currency=currency,
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
    ).returning(Cart.id, Cart.currency, Cart.coupon_id, Cart.points, Cart.notes, Cart.shown, *returning)
    return statement


def _open_to_add_on(dialect: str) -> Statement:
    return _open_cart_on(dialect, _CURRENCY_OF_PRODUCT, (_next_line_id_on(dialect),), shown="")


_OPEN_CART = Prepared(partial(_open_cart_on, shown=""))
_OPEN_FOR_RETURN = Prepared(_open_cart_on)
_OPEN_TO_ADD = Prepared(_open_to_add_on)


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

_REOPEN_TO_ADD = _OfOwner(
    lambda mine, dialect: (
        update(Cart)
        .where(mine)
        .values(_TOUCHED | {"currency": case((_FILLED, Cart.currency), else_=_CURRENCY_OF_PRODUCT)})
        .returning(Cart.id, Cart.currency, _next_line_id_on(dialect))
    )
)


def open_to_add(tx: Connection, owner: Owner, product_id: int, now: datetime) -> StatementResult:
    """The same as `open_cart` for a product, in whose currency an empty cart is, and with the id of the next line.

    A guest's cart lives on; there is no row when they have none.
    """
    if isinstance(owner, Member):
        return _OPEN_TO_ADD.later(tx, user_id=owner.user_id, product=product_id, updated_at=now)
    return _REOPEN_TO_ADD.later(tx, owner, now=now, until=owner.until, product=product_id)


_INSERT_GUEST_CART = Prepared(
    lambda dialect: insert(Cart).returning(Cart.id, Cart.currency, _next_line_id_on(dialect))
)


def insert_guest_cart(tx: Connection, guest: Guest, currency: str, now: datetime) -> AnyRow:
    """Make a cart for the guest's token, and return its id, its currency and the id of the next line."""
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
    lambda mine, _: (
        update(Cart)
        .where(mine)
        .values(_TOUCHED)
        .returning(Cart.id, Cart.version, Cart.currency, Cart.coupon_id, Cart.points)
    )
)


def lock_cart(tx: Connection, owner: Owner, now: datetime) -> AnyRow | None:
    """Lock the owner's cart, count its version up, and return its row's head; None without one."""
    return _LOCK_CART.later(tx, owner, now=now, until=owner.until).first()


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
