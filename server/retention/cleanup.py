"""Deletes what nobody needs any more, in small transactions that hold nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from server.analytics.activity.models import ActiveUser
from server.audit.chain import prune
from server.auth import throttle
from server.auth.models import RefreshToken, Session, SignInChallenge, SignInCount
from server.auth.recovery.models import AccountNotice, EmailProof
from server.budgets.models import CallCount
from server.cart import guest_carts
from server.clock import Clock
from server.db.base import Base
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.consumer import is_handled
from server.events.log import ORDER
from server.events.models import Event
from server.mail.models import Mail
from server.recommend.feedback.models import BehaviorEvent
from server.repeats.models import IdempotencyKey
from server.search.analytics.models import SearchDay, SearchRow
from server.settings import Settings
from server.webhooks.models import WebhookDelivery

PROOFS = timedelta(hours=24)
NOTICES = timedelta(days=2)
CALL_COUNTS = timedelta(hours=1)
BATCH = 2000
BATCH_SECONDS = 30.0
PAUSE_SECONDS = 0.05

Keys = Sequence[InstrumentedAttribute[Any]]
Delete = Callable[[Connection, datetime, int], int]
"""Deletes up to so many rows that are too old now, and says how many."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long is kept what says something of persons."""

    audit: timedelta = timedelta(days=730)
    events: timedelta = timedelta(days=7)
    request_ids: timedelta = timedelta(hours=24)
    behavior: timedelta = timedelta(days=180)
    searches: timedelta = timedelta(days=30)
    search_counts: timedelta = timedelta(days=400)
    mails: timedelta = timedelta(days=30)
    """Deliveries of webhooks too."""
    sessions: timedelta = timedelta(days=7)
    """After its end; its tokens are refused for longer than they would live."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As `settings` say."""
        return cls(
            audit=timedelta(days=settings.audit_days),
            events=timedelta(days=settings.event_days),
            request_ids=timedelta(hours=settings.request_id_hours),
            behavior=timedelta(days=settings.behavior_days),
            searches=timedelta(days=settings.search_log_days),
            search_counts=timedelta(days=settings.search_count_days),
            mails=timedelta(days=settings.mail_days),
            sessions=timedelta(days=settings.session_days),
        )


class Cleanup:
    """The daily cleaning up, as a job."""

    def __init__(self, work: Work, clock: Clock, periods: Periods) -> None:
        self._work = work
        self._clock = clock
        self._periods = periods

    async def run(self) -> None:
        """Delete everything that is too old."""
        deleted = {}
        own: dict[str, Delete] = {
            "audit_entries": self._audit_entries,
            "events": self._events,
            "request_ids": self._request_ids,
            "refresh_tokens": self._refresh_tokens,
            "sessions": self._sessions,
            "mails": self._mails,
            "webhook_deliveries": self._deliveries,
            "behavior_events": self._behavior_events,
            "searches": self._searches,
            "search_days": self._search_days,
            "active_users": self._active_users,
        }
        for name, old in (own | _OLD).items():
            deleted[name] = await self._delete(old)
        log.info("cleaned_up", **{name: count for name, count in deleted.items() if count})

    def _audit_entries(self, tx: Connection, now: datetime, limit: int) -> int:
        return prune(tx, now - self._periods.audit, limit)

    def _events(self, tx: Connection, now: datetime, limit: int) -> int:
        """Events that every follower has read, and every consumer has handled.

        The newest one stays: SQLite would give its number out again, and a reader that stands there would miss the
        next.
        """
        newest = select(func.max(Event.id)).scalar_subquery()
        return _delete_some(
            tx,
            Event,
            [Event.id],
            and_(
                Event.created_at < now - self._periods.events,
                Event.id < newest,
                or_(Event.topic != ORDER, is_handled()),
            ),
            limit,
        )

    def _request_ids(self, tx: Connection, now: datetime, limit: int) -> int:
        keys: list[InstrumentedAttribute[Any]] = [
            IdempotencyKey.user_id,
            IdempotencyKey.method,
            IdempotencyKey.request_id,
        ]
        return _delete_some(
            tx, IdempotencyKey, keys, IdempotencyKey.created_at < now - self._periods.request_ids, limit
        )

    def _behavior_events(self, tx: Connection, now: datetime, limit: int) -> int:
        old = BehaviorEvent.occurred_at < now - self._periods.behavior
        return _delete_some(tx, BehaviorEvent, [BehaviorEvent.id], old, limit)

    def _searches(self, tx: Connection, now: datetime, limit: int) -> int:
        old = SearchRow.searched_at < now - self._periods.searches
        return _delete_some(tx, SearchRow, [SearchRow.list_id], old, limit)

    def _search_days(self, tx: Connection, now: datetime, limit: int) -> int:
        """Days with their queries and positions, which go with them."""
        return _delete_some(
            tx, SearchDay, [SearchDay.day], SearchDay.day < (now - self._periods.search_counts).date(), limit
        )

    def _active_users(self, tx: Connection, now: datetime, limit: int) -> int:
        keys = [ActiveUser.day, ActiveUser.user_id]
        return _delete_some(
            tx, ActiveUser, keys, ActiveUser.day < (now - self._periods.behavior).date(), limit
        )

    def _refresh_tokens(self, tx: Connection, now: datetime, limit: int) -> int:
        ended = select(Session.id).where(self._has_ended(now))
        old = RefreshToken.session_id.in_(ended)
        return _delete_some(tx, RefreshToken, [RefreshToken.token_hash], old, limit)

    def _sessions(self, tx: Connection, now: datetime, limit: int) -> int:
        return _delete_some(tx, Session, [Session.id], self._has_ended(now), limit)

    def _has_ended(self, now: datetime) -> ColumnElement[bool]:
        before = now - self._periods.sessions
        return or_(Session.expires_at < before, Session.revoked_at < before)

    def _mails(self, tx: Connection, now: datetime, limit: int) -> int:
        last_low_stock = select(func.max(Mail.id)).where(Mail.kind == "low_stock").scalar_subquery()
        is_last = Mail.id == func.coalesce(last_low_stock, 0)
        old = and_(Mail.created_at < now - self._periods.mails, not_(is_last))
        return _delete_some(tx, Mail, [Mail.id], old, limit)

    def _deliveries(self, tx: Connection, now: datetime, limit: int) -> int:
        old = WebhookDelivery.created_at < now - self._periods.mails
        return _delete_some(tx, WebhookDelivery, [WebhookDelivery.id], old, limit)

    async def _delete(self, old: Delete) -> int:
        total = 0
        while True:
            count = await self._work.write(
                old, self._clock(), BATCH, deadline=Deadline(BATCH_SECONDS), vital=True
            )
            total += count
            if count < BATCH:
                return total
            await asyncio.sleep(PAUSE_SECONDS)


def _sign_in_counts(tx: Connection, now: datetime, limit: int) -> int:
    """Those that no lock needs any more, whose row of failures is forgotten."""
    forgotten = SignInCount.started_at < now - throttle.MEMORY
    return _delete_some(tx, SignInCount, [SignInCount.key], forgotten, limit)


def _call_counts(tx: Connection, now: datetime, limit: int) -> int:
    minute = int((now - CALL_COUNTS).timestamp()) // 60
    return _delete_some(tx, CallCount, [CallCount.key], CallCount.minute < minute, limit)


def _email_proofs(tx: Connection, now: datetime, limit: int) -> int:
    """Links and codes, some time after their end: until then it is told that they are too old."""
    return _delete_some(tx, EmailProof, [EmailProof.id], EmailProof.expires_at < now - PROOFS, limit)


def _sign_in_challenges(tx: Connection, now: datetime, limit: int) -> int:
    """Sign-ins that were begun, and never finished."""
    over = SignInChallenge.expires_at < now
    return _delete_some(tx, SignInChallenge, [SignInChallenge.key_hash], over, limit)


def _account_notices(tx: Connection, now: datetime, limit: int) -> int:
    """What nobody has mailed, as no worker does the scheduled work: it is no news any more."""
    return _delete_some(
        tx, AccountNotice, [AccountNotice.key], AccountNotice.created_at < now - NOTICES, limit
    )


def _carts(tx: Connection, now: datetime, limit: int) -> int:
    return guest_carts.delete_expired(tx, now, limit)


def _delete_some(
    tx: Connection,
    table: type[Base],
    keys: Sequence[InstrumentedAttribute[Any]],
    old: ColumnElement[bool],
    limit: int,
) -> int:
    keys_of_old = select(*keys).where(old).limit(limit)
    return tx.execute(delete(table).where(tuple_(*keys).in_(keys_of_old))).rowcount


_OLD: dict[str, Delete] = {
    "sign_in_counts": _sign_in_counts,
    "sign_in_challenges": _sign_in_challenges,
    "email_proofs": _email_proofs,
    "account_notices": _account_notices,
    "call_counts": _call_counts,
    "carts": _carts,
}
