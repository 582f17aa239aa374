"""The outbox of the mails: writes them from the events of the orders, and sends them.

Writing is exactly once: a mail stands in the table, under a key that is unique, in the transaction that moves the
outbox on. Sending is at least once: a worker that dies before it has noted what was taken, a moment's worth at
most, sends that again, with the same Message-IDs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from server.background import backoff
from server.clock import Clock
from server.crypto.vault import Unreadable
from server.db.base import AnyRow
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.consumer import BATCH as MAX_EVENTS
from server.events.consumer import REST, Consumer, StoredEvent
from server.events.order_steps import OrderStepped
from server.mail import queries
from server.mail.accounts import AccountMails
from server.mail.compose import LowStock, about_order, about_payments, about_stock, kinds_of
from server.mail.letters import Letter
from server.mail.message import Unsendable, message_of
from server.mail.senders import Away, NotNow, Refused, Sender
from server.order import status
from server.text.languages import ENGLISH, first_available

CONSUMER = "mail"
BATCH = 50
MAX_SHOWN = 100
"""The most products of each kind that a letter names; the rest are only counted."""

MAX_ALERTS = 1000

LOW_STOCK_SECONDS = 30.0
"""For a look at the whole catalogue."""

FIRST_RETRY, MAX_RETRY = timedelta(seconds=10), timedelta(hours=1)

MOMENT_SECONDS = 0.2
"""So long mails are sent before it is noted which were taken: who dies meanwhile sends them again."""

OF_ONE_MAIL = Unsendable | Refused | NotNow
"""Why one mail was not taken, when the next may be."""

log = structlog.get_logger()


class Handover(NamedTuple):
    """A mail that was to be sent, and why it was not taken, if it was not."""

    mail: AnyRow
    problem: Exception | None


class MailOutbox:
    """Writes and sends; for use on a worker's event loop, as a job."""

    def __init__(
        self,
        db: Database,
        work: Work,
        sender: Sender,
        accounts: AccountMails,
        *,
        clock: Clock,
        mail_from: str,
        mail_admin: str = "",
        return_days: int | None = None,
        default_language: str = ENGLISH,
    ) -> None:
        """`return_days` is how long goods can be sent back; without, the mails name no number.

        Mails to the shop are in the `default_language`, as those of orders whose language is not there.
        """
        self._db = db
        self._work = work
        self._clock = clock
        self._sender = sender
        self._accounts = accounts
        self._from = mail_from
        self._admin = parseaddr(mail_admin)[1]
        self._return_days = return_days
        self._language = first_available(default_language)
        self._consumer = Consumer(db, CONSUMER, OrderStepped)
        self._away_times = 0
        self._away_until: datetime | None = None

    async def run(self) -> timedelta | None:
        """Write what is to be mailed, and send what is due; return how long to rest when nothing waits."""
        events = await self._work.run(self._take, vital=True)
        if not events and await self._work.read(self._nothing_waits, vital=True):
            return REST
        while events == MAX_EVENTS:
            events = await self._work.run(self._take, vital=True)
        while await self._work.read(self._accounts.any_due, vital=True):
            await self._work.write(self._accounts.write, self._clock(), vital=True)
        if self._away_until is None or self._clock() >= self._away_until:
            await self._send_due()
        return REST if await self._work.read(self._nothing_waits, vital=True) else None

    async def tell_low_stock(self, threshold: int) -> None:
        """Write to the shop's admin about what has run low since the last mail."""
        if self._admin:
            deadline = Deadline(LOW_STOCK_SECONDS)
            await self._work.run(self._tell_low_stock, threshold, deadline=deadline, vital=True)

    async def tell_of_payments(self) -> None:
        """Write to the shop's admin about payments that need a person: one letter for all since the last."""
        if self._admin:
            await self._work.write(self._tell_of_payments, vital=True)

    def _take(self) -> int:
        return self._consumer.take(self._compose, queries.insert)

    def _nothing_waits(self, connection: Connection) -> bool:
        return self._consumer.has_all and not queries.any_waits(connection)

    def _compose(
        self, connection: Connection, events: Sequence[StoredEvent[OrderStepped]]
    ) -> list[queries.NewMail]:
        steps = [stored.event for stored in events]
        order_ids = list({step.order_id for step in steps})
        orders, lines = queries.orders(connection, order_ids), queries.lines(connection, order_ids)
        cancelled = [order.id for order in orders.values() if order.status == status.CANCELLED]
        acknowledged = queries.acknowledged(connection, cancelled) if cancelled else set()
        mails: dict[str, queries.NewMail] = {}
        for step in steps:
            order = orders.get(step.order_id)
            if order is None:  # of whose buyer no address is known
                continue
            for kind, part in kinds_of(step):
                if kind == "cancelled" and order.id not in acknowledged:
                    continue  # its payment failed, and the reply said so
                letter = about_order(
                    kind,
                    order,
                    lines[order.id],
                    step,
                    language=first_available(order.language, self._language),
                    now=self._clock(),
                    return_days=self._return_days,
                )
                key = "/".join(filter(None, (kind, str(order.id), part)))
                mail = self._mail(key, kind, order.email, letter, order_id=order.id)
                # A key may come up twice in a batch, and a second row with it would be refused by some databases.
                mails.setdefault(key, mail)
        return list(mails.values())

    def _mail(
        self,
        key: str,
        kind: str,
        recipient: str,
        letter: Letter,
        *,
        order_id: int | None = None,
        about: Sequence[int] | None = None,
    ) -> queries.NewMail:
        return queries.new_mail(
            key=key,
            order_id=order_id,
            kind=kind,
            recipient=recipient,
            subject=letter.subject,
            plain=letter.plain,
            html=letter.html,
            about=about,
            now=self._clock(),
        )

    def _opened(self, mail: AnyRow) -> AnyRow:
        try:
            return queries.opened(self._db.vault, mail)
        except Unreadable:
            raise Unsendable("no key that is here opens it") from None

    def _tell_low_stock(self, threshold: int) -> None:
        with self._db.read() as connection:
            low = queries.low_stock(connection, threshold)
            last = queries.last_low_stock(connection)
            reported = set(last.about or ()) if last is not None else set()
            new = [variant_id for variant_id in low if variant_id not in reported]
            still = [variant_id for variant_id in low if variant_id in reported]
            if new:
                letter = about_stock(
                    LowStock(len(new), queries.stock_of(connection, new[:MAX_SHOWN])),
                    LowStock(len(still), queries.stock_of(connection, still[:MAX_SHOWN])),
                    threshold,
                    self._language,
                )
        with self._db.transaction() as tx:
            if new:
                key = f"low_stock/{last.id if last is not None else 0}"  # of two at once, one writes
                queries.insert(tx, [self._mail(key, "low_stock", self._admin, letter, about=low)])
                if last is not None:
                    queries.set_about(tx, last.id, None)  # a list of a whole catalogue is stored once
            elif last is not None and len(still) < len(reported):
                # What was restocked and runs low again is new again.
                queries.set_about(tx, last.id, still)

    def _tell_of_payments(self, tx: Connection) -> None:
        rows = queries.unreported_alerts(tx, MAX_ALERTS)
        if not rows:
            return
        shown = rows[:MAX_SHOWN]
        letter = about_payments(shown, len(rows) - len(shown), self._language)
        # Of two workers at once, the second's letter has the same key and is left out
        queries.insert(tx, [self._mail(f"payment_alert/{rows[0].id}", "payment_alert", self._admin, letter)])
        queries.mark_alerts_reported(tx, [row.id for row in rows], self._clock())

    async def _send_due(self) -> None:
        """Send what is due, until nothing is or the mail server is away."""
        mails = await self._work.read(queries.due, self._clock(), BATCH, vital=True)
        if not mails:
            return
        try:
            while mails:
                await self._send(mails)
                mails = await self._work.read(queries.due, self._clock(), BATCH, vital=True)
            self._away_times, self._away_until = 0, None
        except Away as away:
            self._away_times += 1
            self._away_until = self._clock() + backoff(self._away_times, FIRST_RETRY, timedelta(minutes=5))
            log.warning("mail_server_away", error=str(away), until=self._away_until.isoformat())
        finally:
            await asyncio.shield(asyncio.to_thread(self._sender.rest))

    async def _send(self, mails: Sequence[AnyRow]) -> None:
        """Send the first of them, as many as a moment allows. Raises Away when no mail is taken at all."""
        sending = asyncio.ensure_future(self._send_and_note(mails))
        try:
            await asyncio.shield(sending)
        finally:  # what was taken is noted, also when the job is stopped meanwhile
            await asyncio.wait([sending])

    async def _send_and_note(self, mails: Sequence[AnyRow]) -> None:
        handovers = await asyncio.to_thread(self._hand_over, mails)
        await self._work.write(self._note, handovers, vital=True)
        last = handovers[-1].problem
        if last is not None and not isinstance(last, OF_ONE_MAIL):
            raise last

    def _hand_over(self, mails: Sequence[AnyRow]) -> list[Handover]:
        """Send mails until the moment is over, or one fails by what is not of this mail alone."""
        until = time.monotonic() + MOMENT_SECONDS
        handovers: list[Handover] = []
        for mail in mails:
            problem: Exception | None = None
            try:
                self._sender.send(mail.id, message_of(self._opened(mail), self._from))
            except Exception as error:  # whatever it is: what was taken before is noted first
                problem = error
            handovers.append(Handover(mail, problem))
            if not isinstance(problem, OF_ONE_MAIL | None) or time.monotonic() > until:
                break
        return handovers

    def _note(self, tx: Connection, handovers: Sequence[Handover]) -> None:
        now = self._clock()
        for mail, problem in handovers:
            if problem is None:
                queries.mark_sent(tx, mail.id, now)
            elif isinstance(problem, NotNow | Away):
                _postpone(tx, mail, str(problem), now)
            elif isinstance(problem, OF_ONE_MAIL):
                _give_up(tx, mail, str(problem))


def _postpone(tx: Connection, mail: AnyRow, error: str, now: datetime) -> None:
    # Its days begin with its first attempt: it may have waited long for another of its order.
    until = mail.retry_until if mail.attempts else now + queries.KEEP_TRYING
    next_attempt = now + backoff(mail.attempts + 1, FIRST_RETRY, MAX_RETRY)
    if next_attempt > until:
        _give_up(tx, mail, error)
    else:
        queries.postpone(tx, mail.id, error, next_attempt, until)


def _give_up(tx: Connection, mail: AnyRow, error: str) -> None:
    log.warning("mail_failed", mail=mail.id, kind=mail.kind, error=error)
    queries.mark_failed(tx, mail.id, error)
