"""The chain of the audit log: what is done behind the shop's back is found, what the shop does is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update
from support.running_shop import RunningShop

from server.audit.chain import extend, prune
from server.audit.forgetting import forget_person
from server.audit.log import THE_SHOP, Actor, insert_entry
from server.audit.models import AuditChain, AuditEntry
from server.clock import utc_now
from server.verify.audit import flaws_of_log

ACTOR = Actor(2**40, "a call", "192.0.2.7")


@contextmanager
def undone(shop: RunningShop) -> Iterator[Connection]:
    """A transaction of the shop's, in which entries are chained, and which is undone in the end."""
    with shop.app.db.engine.connect() as tx, tx.begin() as transaction:
        for number in range(6):
            insert_entry(
                tx, ACTOR, "TestChain", f"test/{number}", utc_now(), details={"facts": {"n": number}}
            )
        after: int | None = 0
        while after is not None:
            after = extend(tx, utc_now(), after)
        yield tx
        transaction.rollback()


def _ids(tx: Connection) -> list[int]:
    own = select(AuditEntry.id).where(AuditEntry.action == "TestChain").order_by(AuditEntry.sequence)
    return list(tx.scalars(own))


def _alter(tx: Connection, entry_id: int, **values: object) -> None:
    tx.execute(update(AuditEntry).where(AuditEntry.id == entry_id).values(**values))


def _insert_copy(tx: Connection) -> None:
    row = tx.execute(select(*AuditEntry.__table__.columns).where(AuditEntry.id == _ids(tx)[2])).one()
    values = row._asdict() | {"subject": "test/forged", "sequence": None, "chain_digest": None}
    del values["id"]
    tx.execute(insert(AuditEntry).values(values))


def _swap(tx: Connection) -> None:
    first, second = _ids(tx)[1:3]
    places = [tx.scalar(select(AuditEntry.sequence).where(AuditEntry.id == each)) for each in (first, second)]
    _alter(tx, first, sequence=-1)
    _alter(tx, second, sequence=places[0])
    _alter(tx, first, sequence=places[1])


TAMPERING: dict[str, tuple[Callable[[Connection], object], str]] = {
    "action": (lambda tx: _alter(tx, _ids(tx)[2], action="Another"), "was altered"),
    "actor": (lambda tx: _alter(tx, _ids(tx)[2], actor_id=1), "was altered"),
    "address": (lambda tx: _alter(tx, _ids(tx)[2], address="192.0.2.8"), "address or details were altered"),
    "details": (lambda tx: _alter(tx, _ids(tx)[2], details={}), "address or details were altered"),
    "forgotten": (
        lambda tx: _alter(tx, _ids(tx)[2], address="", details={}, personal_salt=None),
        "no person was forgotten",
    ),
    "deleted": (lambda tx: tx.execute(delete(AuditEntry).where(AuditEntry.id == _ids(tx)[2])), "are missing"),
    "cut off": (
        lambda tx: tx.execute(delete(AuditEntry).where(AuditEntry.id.in_(_ids(tx)[-2:]))),
        "the last of the log, are missing",
    ),
    "end": (
        lambda tx: tx.execute(update(AuditChain).values(head_sequence=AuditChain.head_sequence - 1)),
        "not those that the shop has signed",
    ),
    "inserted": (_insert_copy, "was not written by the shop"),
    "swapped": (_swap, "does not follow the entry before it"),
}


@pytest.mark.either
@pytest.mark.parametrize("kind", TAMPERING)
def test_what_was_done_behind_the_back_of_the_shop_is_found(shop: RunningShop, kind: str) -> None:
    tamper, sentence = TAMPERING[kind]
    with undone(shop) as tx:
        assert list(flaws_of_log(tx)) == []
        tamper(tx)
        flaws = list(flaws_of_log(tx))
        assert [flaw for flaw in flaws if sentence in flaw], flaws
        extend(tx, utc_now())
        assert list(flaws_of_log(tx)) == flaws, "chaining takes nothing up that the shop did not write"


def test_what_the_shop_does_itself_breaks_nothing(shop: RunningShop) -> None:
    with undone(shop) as tx:
        forget_person(tx, 2**40, utc_now())
        insert_entry(tx, THE_SHOP, "TestChain", "test/later", utc_now(), details={})
        assert list(flaws_of_log(tx)) == [], "what waits for its place is no flaw"
        assert extend(tx, utc_now()) is None
        assert extend(tx, utc_now()) is None
        assert list(flaws_of_log(tx)) == []
        places = tx.execute(select(AuditEntry.sequence, AuditEntry.chain_digest)).all()
        assert len({place for place, _ in places}) == len(places)
        count = tx.scalar(select(func.count()).select_from(AuditEntry)) or 0
        assert prune(tx, utc_now() - timedelta(days=1), 1000) == 0
        assert prune(tx, utc_now() + timedelta(days=1), 3) == 3
        assert list(flaws_of_log(tx)) == []
        while prune(tx, utc_now() + timedelta(days=1), 1000):
            pass
        assert (count, tx.scalar(select(func.count()).select_from(AuditEntry))) != (0, count)
        assert list(flaws_of_log(tx)) == [], "an empty log ends where it ended"
        insert_entry(tx, ACTOR, "TestChain", "test/new", utc_now(), details={})
        extend(tx, utc_now())
        assert list(flaws_of_log(tx)) == []


def test_entries_of_an_earlier_release_are_taken_up_for_a_while(shop: RunningShop) -> None:
    old = {"at": utc_now(), "action": "Old", "subject": "test/old", "request_id": "", "details": {"n": 1}}
    with undone(shop) as tx:
        until = tx.scalars(select(AuditChain.adopts_until)).one()
        tx.execute(insert(AuditEntry).values(old))
        extend(tx, until - timedelta(seconds=1))
        assert list(flaws_of_log(tx)) == []
        tx.execute(insert(AuditEntry).values(old))
        extend(tx, until + timedelta(seconds=1))
        unchained = select(AuditEntry.subject).where(AuditEntry.sequence.is_(None))
        assert list(tx.scalars(unchained)) == ["test/old"]


def test_the_job_chains_what_came(shop: RunningShop) -> None:
    with shop.app.db.transaction() as tx:
        insert_entry(tx, THE_SHOP, "TestChain", "test/job", utc_now(), details={})
    shop.run(shop.app.jobs.run("chain audit log"))
    with shop.app.db.read() as connection:
        last = select(AuditEntry.sequence).where(AuditEntry.subject == "test/job")
        assert connection.scalars(last).one() is not None
        assert list(flaws_of_log(connection)) == []
