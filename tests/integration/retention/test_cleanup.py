"""Cleaning up deletes what is old and needed by nobody; consumers miss no event, whenever it was committed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from support.order_keys import OrderKey
from support.raw_event import RawEvent

from server.auth.models import Session
from server.clock import utc_now
from server.db import waiting
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work
from server.events.consumer import Consumer
from server.events.log import ORDER, PRODUCT, publish
from server.events.models import ConsumerPosition, Event
from server.mail.models import Mail
from server.recommend.feedback.models import BehaviorEvent
from server.repeats.models import IdempotencyKey
from server.retention.cleanup import Cleanup, Periods
from server.user.models import User


@pytest.fixture
def db(database_url: str) -> Database:
    """A database, closed at the end of the process."""
    return Database(database_url, pool_size=4)


def publish_in(db: Database, *keys: str, topic: str = ORDER) -> None:
    for key in keys:
        with db.transaction() as tx:
            publish(tx, RawEvent(topic, key, {}))


def take(db: Database, name: str = "mail") -> list[str]:
    found: list[str] = []
    reader = Consumer(db, name, OrderKey)
    while reader.take(
        lambda _connection, stored: [one.event.key for one in stored], lambda _tx, keys: found.extend(keys)
    ):
        pass
    return found


def clean(db: Database, **periods: timedelta) -> None:
    pool = Pool(threads=1, max_queued=10)
    asyncio.run(Cleanup(Work(db, pool), utc_now, Periods(**periods)).run())
    pool.close()


def test_events_go_after_a_week_but_not_before_the_outboxes_handled_them(db: Database) -> None:
    publish_in(db, "1", "2")
    assert take(db) == ["1", "2"]
    assert take(db, "webhooks") == ["1", "2"]
    publish_in(db, "3")
    publish_in(db, "9", topic=PRODUCT)
    publish_in(db, "4")
    assert take(db) == ["3", "4"]  # the webhooks have not
    with db.transaction() as tx:
        tx.execute(update(Event).values(created_at=utc_now() - timedelta(days=8)))
    clean(db)
    with db.read() as connection:
        assert connection.execute(select(Event.key).order_by(Event.id)).scalars().all() == ["3", "4"]
    assert take(db, "webhooks") == ["3", "4"]
    clean(db)
    publish_in(db, "5")
    assert take(db) == take(db, "webhooks") == ["5"], "no number is given away twice"
    db.close()


def test_request_ids_go_after_a_day(db: Database) -> None:
    def key(name: str, hours: int) -> dict[str, object]:
        age = timedelta(hours=hours)
        values = {"user_id": 1, "method": "AddItem", "request_id": name, "body_hash": "", "reply": b""}
        return values | {"created_at": utc_now() - age}

    with db.transaction() as tx:
        tx.execute(insert(IdempotencyKey), [key(f"old-{n}", 25) for n in range(2500)] + [key("young", 23)])
    clean(db)
    with db.read() as connection:
        assert connection.execute(select(IdempotencyKey.request_id)).scalars().all() == ["young"]
    db.close()


def test_an_event_that_is_committed_late_is_not_passed_over(postgres_url: str) -> None:
    db = Database(postgres_url, pool_size=4)
    with db.transaction() as slow:
        publish(slow, RawEvent(ORDER, "slow", {}))
        waiting.flush(slow)
        publish_in(db, "fast")
        assert take(db) == []  # it waits for the older transaction
    assert take(db) == ["slow", "fast"]
    db.close()


def test_a_worker_that_fails_between_reading_and_moving_on_loses_nothing(db: Database) -> None:
    publish_in(db, "1", "2")

    def fail(*_: object) -> None:
        raise ValueError("the worker dies")

    reader = Consumer(db, "mail", OrderKey)
    with pytest.raises(ValueError, match="dies"):
        reader.take(lambda _connection, told: told, fail)
    assert take(db) == ["1", "2"]
    db.close()


def test_the_outboxes_carry_on_in_a_cluster_whose_transactions_begin_anew(postgres_url: str) -> None:
    db = Database(postgres_url, pool_size=4)
    publish_in(db, "1", "2")
    assert take(db) == ["1", "2"]
    publish_in(db, "3")
    with db.transaction() as tx:  # as a dump of an older cluster tells it
        far = 2**40
        tx.execute(update(Event).values(transaction_id=Event.id + far))
        place = tx.execute(select(Event.id).where(Event.key == "2")).scalar_one()
        tx.execute(update(ConsumerPosition).values(transaction_id=place + far, event_id=place))
    publish_in(db, "4")
    again = take(db)
    assert again[-2:] == ["3", "4"]
    assert set(again[:-2]) <= {"1", "2"}  # told once more; the outboxes know what they wrote
    publish_in(db, "5")
    assert take(db) == ["5"]
    db.close()


def test_a_consumer_without_a_position_begins_with_the_oldest_event_that_is_stored(db: Database) -> None:
    with db.transaction() as tx:
        tx.execute(delete(ConsumerPosition))
        tx.execute(text("SELECT 1"))
    publish_in(db, "1")
    assert take(db) == ["1"]
    db.close()


def test_mails_and_sessions_go_after_the_days_in_the_settings(db: Database) -> None:
    def mail(name: str, days: int) -> dict[str, object]:
        then = utc_now() - timedelta(days=days)
        texts = dict.fromkeys(("subject", "plain", "html", "error"), "")
        values = {
            "key": name,
            "kind": "verify_email",
            "recipient": "a@shop.test",
            "status": "SENT",
            "attempts": 1,
        }
        return (
            values
            | texts
            | {"created_at": then, "next_attempt_at": then, "retry_until": then, "sent_at": then}
        )

    def session(name: str, days: int) -> dict[str, object]:
        then = utc_now() - timedelta(days=days)
        return {"id": name, "user_id": user_id, "created_at": then, "last_used_at": then, "expires_at": then}

    with db.transaction() as tx:
        account = {"email": "a@shop.test", "email_key": "a@shop.test", "full_name": "Ann", "preferences": {}}
        times = {"created_at": utc_now(), "updated_at": utc_now()}
        user_id = tx.scalar(insert(User).values(account | times).returning(User.id))
        tx.execute(insert(Mail), [mail("older", 11), mail("younger", 9)])
        tx.execute(insert(Session), [session("older", 5), session("younger", 3)])
    clean(db, mails=timedelta(days=10), sessions=timedelta(days=4))
    with db.read() as connection:
        assert connection.scalars(select(Mail.key)).all() == ["younger"]
        assert connection.scalars(select(Session.id)).all() == ["younger"]
    db.close()


def test_behaviour_events_go_after_the_days_in_the_settings(db: Database) -> None:
    now = utc_now()
    rows = [
        {
            "kind": "SEARCH",
            "query": name,
            "visitor_id": "visitor-1",
            "occurred_at": now - timedelta(days=days),
        }
        for name, days in (("older", 11), ("younger", 9))
    ]
    with db.transaction() as tx:
        tx.execute(insert(BehaviorEvent), rows)
    clean(db)
    pool = Pool(threads=1, max_queued=10)
    asyncio.run(Cleanup(Work(db, pool), utc_now, Periods(behavior=timedelta(days=10))).run())
    pool.close()
    with db.read() as connection:
        assert connection.execute(select(BehaviorEvent.query)).scalars().all() == ["younger"]
    db.close()


def test_what_settings_keep_longer_stays(db: Database) -> None:
    old = utc_now() - timedelta(days=8)
    publish_in(db, "1", "2", topic=PRODUCT)
    reply = {"user_id": 1, "method": "AddItem", "request_id": "old", "body_hash": "", "reply": b""}
    with db.transaction() as tx:
        tx.execute(update(Event).values(created_at=old))
        tx.execute(insert(IdempotencyKey).values(**reply, created_at=old))
    clean(db, events=timedelta(days=9), request_ids=timedelta(days=9))
    with db.read() as connection:
        assert connection.scalars(select(Event.key)).all() == ["1", "2"]
        assert connection.scalars(select(IdempotencyKey.request_id)).all() == ["old"]
    clean(db)
    with db.read() as connection:
        assert connection.scalars(select(Event.key)).all() == ["2"], "the newest keeps its number"
        assert connection.scalars(select(IdempotencyKey.request_id)).all() == []
    db.close()
