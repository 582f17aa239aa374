"""The outbox of the mails: writes them from the events of the orders, and sends them.

Writing is exactly once: a mail stands in the table, under a key that is unique, in the transaction that moves the
outbox on. Sending is at least once: a worker that dies between the two sends the mail again, with the same
Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import structlog
from sqlalchemy import Connection

from server.backoff import backoff
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.deadline import Deadline
from server.events.consumer import Consumer, Told
from server.events.log import ORDER
from server.mail import queries
from server.mail.compose import about_order, about_stock, kinds_of
from server.mail.message import Unsendable, message_of
from server.mail.senders import Away, NotNow, Refused, Sender
from server.rpc.pool import Pool

CONSUMER = "mail"
BATCH = 50
MOST_LOW_STOCK = 200
DATABASE_SECONDS = 30.0
KEEP_TRYING = timedelta(days=2)
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(hours=1)

log = structlog.get_logger()


class MailOutbox:
    """Writes and sends; for use on a worker's event loop, as a job."""

    def __init__(
        self, db: Database, pool: Pool, clock: Clock, sender: Sender, *, mail_from: str, mail_admin: str = ""
    ) -> None:
        self._db = db
        self._pool = pool
        self._clock = clock
        self._sender = sender
        self._from = mail_from
        self._admin = parseaddr(mail_admin)[1]
        self._consumer = Consumer(db, CONSUMER, ORDER)
        self._away_times = 0
        self._away_until: datetime | None = None

    async def run(self) -> None:
        """Write what is to be told, and send what is due."""
        while await self._query(self._take):
            pass
        if self._away_until is not None and self._clock() < self._away_until:
            return
        try:
            while mails := await self._query(self._due):
                for mail in mails:
                    await self._send(mail)
            self._away_times, self._away_until = 0, None
        except Away as away:
            self._away_times += 1
            self._away_until = self._clock() + backoff(self._away_times, FIRST_RETRY, timedelta(minutes=5))
            log.warning("mail_server_away", error=str(away), until=self._away_until.isoformat())
        finally:
            await asyncio.shield(asyncio.to_thread(self._sender.rest))

    async def tell_low_stock(self, threshold: int) -> None:
        """Write to the shop's keeper of what has run low since the last mail."""
        if self._admin:
            await self._query(self._tell_low_stock, threshold)

    async def _query(self, use_case: Any, *args: Any) -> Any:
        return await self._pool.run_vital(Deadline(DATABASE_SECONDS), use_case, *args)

    def _take(self) -> int:
        return self._consumer.take(self._compose, queries.insert)

    def _compose(self, connection: Connection, events: Sequence[Told]) -> list[dict[str, Any]]:
        order_ids = list({int(event.key) for event in events})
        orders, lines = queries.orders(connection, order_ids), queries.lines(connection, order_ids)
        rows = []
        for event in events:
            order = orders.get(int(event.key))
            if order is None:  # a guest's, of whom no address is known
                continue
            for kind, part in kinds_of(event.payload):
                letter = about_order(kind, order, lines[order.id], event.payload)
                key = "/".join(filter(None, (kind, str(order.id), part)))
                rows.append(self._row(key, kind, order.email, letter, order_id=order.id))
        # One key may come up twice in a batch, and a second row with it would be refused by some databases
        return list({row["key"]: row for row in reversed(rows)}.values())[::-1]

    def _row(self, key: str, kind: str, recipient: str, letter: Any, **more: Any) -> dict[str, Any]:
        now = self._clock()
        return {
            "key": key,
            "order_id": None,
            "kind": kind,
            "recipient": recipient,
            "subject": letter.subject,
            "plain": letter.plain,
            "html": letter.html,
            "status": "PENDING",
            "about": None,
            "attempts": 0,
            "error": "",
            "created_at": now,
            "next_attempt_at": now,
            "retry_until": now + KEEP_TRYING,
        } | more

    def _tell_low_stock(self, threshold: int) -> None:
        with self._db.read() as connection:
            low = queries.low_stock(connection, threshold, MOST_LOW_STOCK)
            last = queries.last_low_stock(connection)
        told = set(last.about or ()) if last is not None else set()
        new = [row for row in low if row.id not in told]
        still = [row for row in low if row.id in told]
        with self._db.transaction() as tx:
            if new:
                letter = about_stock(new, still, threshold)
                key = f"low_stock/{self._clock():%Y-%m-%dT%H:%M}"
                about = [row.id for row in low]
                queries.insert(tx, [self._row(key, "low_stock", self._admin, letter, about=about)])
            elif last is not None and len(still) < len(told):
                # What was filled up and runs low again is new again.
                queries.set_about(tx, last.id, [row.id for row in still])

    def _due(self) -> Sequence[AnyRow]:
        with self._db.read() as connection:
            return queries.due(connection, self._clock(), BATCH)

    async def _send(self, mail: AnyRow) -> None:
        try:
            await asyncio.to_thread(self._hand_over, mail)
        except (Unsendable, Refused) as refusal:
            await self._query(self._mark, mail, {"status": "FAILED", "error": str(refusal)})
        except NotNow as reason:
            await self._query(self._mark, mail, self._again(mail, str(reason)))
        except Away as reason:
            await self._query(self._mark, mail, self._again(mail, str(reason)))
            raise
        else:
            await self._query(self._mark_sent, mail)

    def _hand_over(self, mail: AnyRow) -> None:
        self._sender.send(mail.id, message_of(mail, self._from))

    def _again(self, mail: AnyRow, error: str) -> dict[str, Any]:
        next_attempt = self._clock() + backoff(mail.attempts + 1, FIRST_RETRY, LONGEST_RETRY)
        if next_attempt > mail.retry_until:
            return {"status": "FAILED", "error": error}
        return {"error": error, "next_attempt_at": next_attempt}

    def _mark_sent(self, mail: AnyRow) -> None:
        with self._db.transaction() as tx:
            queries.mark_sent(tx, mail.id, self._clock())

    def _mark(self, mail: AnyRow, values: dict[str, Any]) -> None:
        if values.get("status") == "FAILED":
            log.warning("mail_failed", mail=mail.id, kind=mail.kind, error=values["error"])
        with self._db.transaction() as tx:
            queries.mark(tx, mail.id, values)
