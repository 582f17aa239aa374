"""SQL of deleted accounts: who is due, and what is erased of them; one function per question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    Connection,
    String,
    Update,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from server.auth.federated.models import LinkedIdentity
from server.auth.models import SignInChallenge
from server.auth.passkeys.models import Passkey
from server.auth.second_factor.models import SecondFactor
from server.catalog.models import Product
from server.db.base import AnyRow, AnySelect
from server.db.upsert import insert_for
from server.events.consumer import is_handled
from server.events.log import BEHAVIOR, CART, ORDER
from server.events.models import Event
from server.order.models import Order
from server.order.status import PENDING_PAYMENT
from server.payment.models import GatewayCustomer
from server.privacy.how import Condition, TableErasure
from server.privacy.plan import ACCOUNT
from server.recommend.feedback.tracking import MAX_KEY
from server.repeats import owners
from server.repeats.models import IdempotencyKey
from server.user.models import Erasure, User

SETTLED_AFTER: Final = timedelta(minutes=10)
"""The calls that were under way have ended by then, and every worker has read the events."""


def is_deleted(connection: Connection, user_id: int) -> bool:
    """Whether an account was deleted."""
    return connection.scalar(select(Erasure.user_id).where(Erasure.user_id == user_id)) is not None


def count_products(connection: Connection, vendor_id: int) -> int:
    """How many products a vendor has."""
    mine = (Product.vendor_id == vendor_id, Product.deleted_at.is_(None))
    return connection.execute(select(func.count()).select_from(Product).where(*mine)).scalar_one()


def empty_account(tx: Connection, user_id: int, now: datetime) -> None:
    """Take everything personal out of an account's row, and all that it may."""
    closed = {"role": "CUSTOMER", "is_active": False, "email_verify_time": None, "updated_at": now}
    values = {**ACCOUNT, **closed, "version": User.version + 1}
    tx.execute(update(User).where(User.id == user_id).values(values))


def forget_ways_to_sign_in(tx: Connection, user_id: int) -> None:
    """Delete what an account signs in by besides its password: whose that was may use it for another account."""
    for mapped in (LinkedIdentity, Passkey, SignInChallenge, SecondFactor):
        tx.execute(delete(mapped).where(mapped.user_id == user_id))


def insert_erasure(tx: Connection, user_id: int, now: datetime) -> None:
    """Have the rest of an account erased."""
    row = {"user_id": user_id, "deleted_at": now, "due_at": now + SETTLED_AFTER}
    tx.execute(insert_for(tx)(Erasure).values(**row).on_conflict_do_nothing())


def end_reservations(tx: Connection, user_id: int, now: datetime) -> None:
    """Let the time of a user's unpaid orders be over: the sweeper asks their gateways, and gives them up."""
    unpaid = (Order.user_id == user_id, Order.status == PENDING_PAYMENT)
    tx.execute(update(Order).where(*unpaid).values(reserved_until=now))


def forget_replies(tx: Connection, email_key: str) -> None:
    """Delete the replies that were kept for who registered with an address, or reset a password by it."""
    guests = [owners.guest(name) for name in (owners.registering(email_key), owners.mailbox(email_key))]
    tx.execute(delete(IdempotencyKey).where(IdempotencyKey.user_id.in_(guests)))


def due(connection: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Accounts to look at, and since when, the first first."""
    statement = select(Erasure.user_id, Erasure.due_at).where(Erasure.due_at <= now)
    return connection.execute(statement.order_by(Erasure.due_at).limit(limit)).all()


def erase_some(tx: Connection, how: TableErasure, user_id: int, limit: int) -> int:
    """Erase some rows of a user in a table; returns how many."""
    if how.rewrite is None:
        keys = _some(how, user_id, limit)
        in_keys = tuple_(*how.table.primary_key).in_(keys)
        if how.deletes:
            return tx.execute(delete(how.table).where(in_keys)).rowcount
        return tx.execute(update(how.table).where(in_keys).values(dict(how.emptied))).rowcount
    rows = tx.execute(_some(how, user_id, limit).with_only_columns(*how.table.c).with_for_update()).all()
    is_row = and_(*(column == bindparam(f"key_{column.name}") for column in how.table.primary_key))
    names = [*how.emptied, *how.rewritten]
    statement = update(how.table).where(is_row).values({name: bindparam(f"new_{name}") for name in names})
    for row in rows:
        keys_of_row = {f"key_{column.name}": getattr(row, column.name) for column in how.table.primary_key}
        values = {**how.emptied, **how.rewrite(row)}
        tx.execute(statement, keys_of_row | {f"new_{name}": values[name] for name in names})
    return len(rows)


def _some(how: TableErasure, user_id: int, limit: int) -> AnySelect:
    keys = list(how.table.primary_key)
    return select(*keys).where(*_to_erase(how, user_id)).order_by(*keys).limit(limit)


def _to_erase(how: TableErasure, user_id: int, *, waiting_too: bool = False) -> list[Condition]:
    conditions = [how.owned(user_id), how.is_left()]
    if how.waits is not None and not waiting_too:
        conditions.append(~how.waits)
    return conditions


def is_left(connection: Connection, parts: Iterable[TableErasure], user_id: int) -> bool:
    """Whether there is something of a user in parts of the plan that was not erased, or is still needed."""
    left = [
        exists().select_from(how.table).where(*_to_erase(how, user_id, waiting_too=True)) for how in parts
    ]
    return bool(connection.scalar(select(or_(*left))))


def delete_visits(tx: Connection, user_id: int, now: datetime, limit: int) -> int:
    """Delete some events about what the visitors did who this user was; returns how many."""
    named = aliased(Event)
    visitor = named.payload["visitor"].as_string()
    visitors = select(func.substr("v:" + visitor, 1, MAX_KEY)).where(
        named.topic == BEHAVIOR, named.key == str(user_id), visitor != ""
    )
    return _delete_events(tx, and_(Event.topic == BEHAVIOR, Event.key.in_(visitors)), now, limit)


def delete_events(tx: Connection, user_id: int, now: datetime, limit: int) -> int:
    """Delete some events about what a user did and ordered; returns how many."""
    orders = select(cast(Order.id, String)).where(Order.user_id == user_id)
    mine = or_(
        and_(Event.topic.in_([BEHAVIOR, CART]), Event.key == str(user_id)),
        and_(Event.topic == ORDER, Event.key.in_(orders), is_handled()),
    )
    return _delete_events(tx, mine, now, limit)


def _delete_events(tx: Connection, chosen: Condition, now: datetime, limit: int) -> int:
    """Delete events that every worker has read."""
    newest = select(func.max(Event.id)).scalar_subquery()  # its number is not to be given away again
    some = select(Event.id).where(chosen, Event.created_at < now - SETTLED_AFTER, Event.id < newest)
    return tx.execute(delete(Event).where(Event.id.in_(some.limit(limit)))).rowcount


def customers(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """Who the gateways know a user as."""
    statement = select(GatewayCustomer.gateway, GatewayCustomer.customer_id)
    return connection.execute(statement.where(GatewayCustomer.user_id == user_id)).all()


def look_again(tx: Connection, user_id: int, due_at: datetime, again_at: datetime) -> None:
    """Look at an account again at another time than it was due at."""
    tx.execute(_of(user_id, due_at).values(due_at=again_at))


def finish(tx: Connection, user_id: int, due_at: datetime, now: datetime) -> None:
    """Note that nothing is left of an account, unless it is due anew meanwhile."""
    tx.execute(_of(user_id, due_at).values(due_at=None, erased_at=now))


def _of(user_id: int, due_at: datetime) -> Update:
    return update(Erasure).where(Erasure.user_id == user_id, Erasure.due_at == due_at)


def reopen(tx: Connection, now: datetime) -> int:
    """Look again at accounts whose orders went on after they were erased; returns how many there are."""
    went_on = exists().where(Order.user_id == Erasure.user_id, Order.updated_at > Erasure.erased_at)
    statement = update(Erasure).where(Erasure.due_at.is_(None), went_on).values(due_at=now)
    return tx.execute(statement).rowcount
