"""The books of the gateways that live in the shop's database: what was charged, and what was paid back.

They stand for a bank's: every entry is made in a short transaction of its own, never in one of the shop's, and the
key that it was asked with makes it once for all. A charge that was cancelled is an entry too; whoever comes to
charge later finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.faults import refusal_of
from server.db.pool import Pool
from server.errors import Refusal
from server.money import Money
from server.payment import queries
from server.payment.gateway import (
    CAPTURED,
    DECLINED,
    FAILED,
    SUCCEEDED,
    Charge,
    GatewayAway,
    Outcome,
    PaidBack,
    RefundOrder,
    RefundOutcome,
)

SECONDS = 10.0
SPENDABLE = timedelta(days=90)
"""For how long money that goes back on a gift card can be spent at least, whenever the card was to end: the buyer
has it back only when there is time to use it."""
CANCELLED = "CANCELLED"
IN_HOUSE = frozenset({"demo", "gift_card"})
"""The gateways that keep these books: at them nobody but the shop can pay back."""

T = TypeVar("T")
Pay = Callable[[Connection, Charge, datetime], str]
"""Takes the money of a charge that was just entered, and returns why it cannot; empty when it did."""


class _TooMuch(Exception):
    """Undoes a refund for which the charge has not enough left."""


class Books:
    """Charges and refunds, each once per key."""

    def __init__(self, db: Database, pool: Pool, clock: Clock) -> None:
        self._db = db
        self._pool = pool
        self._clock = clock

    async def charge(self, charge: Charge, problem: str = "", pay: Pay | None = None) -> Outcome:
        """Enter a charge, declined when there is a `problem` with it; or return what the entry there is says."""
        return await self._run(self._charge, charge, problem, pay)

    async def find(self, key: str) -> Outcome | None:
        """What the books say of a charge; None when they know nothing of it."""
        return await self._run(self._find, key)

    async def cancel(self, key: str) -> Outcome:
        """Enter that a charge must not happen, and return DECLINED; CAPTURED when it has happened."""
        return await self._run(self._cancel, key)

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Pay back, once per key, what is left of a charge at most."""
        return await self._run(self._refund, order)

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            return await self._pool.run_vital(Deadline(SECONDS), work, *arguments)
        except Exception as error:
            refusal = refusal_of(error)
            if isinstance(refusal, Refusal):  # the database is away, so the bank is
                raise GatewayAway(str(refusal)) from error
            raise

    def _charge(self, charge: Charge, problem: str, pay: Pay | None) -> Outcome:
        now = self._clock()
        with self._db.transaction() as tx:
            gateway_id = gateway_id_of(charge.key)
            values = {
                "key": charge.key,
                "gateway_id": gateway_id,
                "method": charge.method,
                "status": DECLINED if problem else CAPTURED,
                "amount_minor": charge.amount.minor,
                "currency": charge.amount.currency,
                "problem": problem,
                "gift_card_id": None,
                "created_at": now,
            }
            if not queries.new_charge(tx, values):
                return _outcome(queries.charge(tx, charge.key))
            if pay is not None and not problem:
                problem = pay(tx, charge, now)
                if problem:
                    queries.decline_charge(tx, charge.key, problem)
        if problem:
            return Outcome(DECLINED, gateway_id, problem)
        return Outcome(CAPTURED, gateway_id, received=charge.amount)

    def _find(self, key: str) -> Outcome | None:
        with self._db.read() as connection:
            row = queries.charge(connection, key)
        return _outcome(row) if row else None

    def _cancel(self, key: str) -> Outcome:
        with self._db.transaction() as tx:
            values = {
                "key": key,
                "gateway_id": gateway_id_of(key),
                "method": "",
                "status": CANCELLED,
                "amount_minor": 0,
                "currency": "",
                "problem": "The payment was cancelled.",
                "gift_card_id": None,
                "created_at": self._clock(),
            }
            queries.new_charge(tx, values)
            return _outcome(queries.charge(tx, key))

    def _refund(self, order: RefundOrder) -> RefundOutcome:
        now = self._clock()
        gateway_id = f"re_{gateway_id_of(order.key)}"
        minor, currency = order.amount.minor, order.amount.currency
        try:
            with self._db.transaction() as tx:
                if queries.new_refund(tx, order.key, order.charge_key, minor, now):
                    charge = queries.take_from_charge(tx, order.charge_key, minor, currency)
                    if charge is None:
                        raise _TooMuch()
                    if charge.gift_card_id is not None:
                        queries.put_on_gift_card(tx, charge.gift_card_id, minor, now + SPENDABLE)
                        queries.new_entry(tx, charge.gift_card_id, f"refund {order.key}", minor, now)
        except _TooMuch:
            return RefundOutcome(FAILED, "", "The charge has less left than that.")
        return RefundOutcome(SUCCEEDED, gateway_id)


class InHouseGateway:
    """What the gateways that keep these books have in common; see Gateway."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def id_of(self, key: str) -> str:
        """See Gateway."""
        return gateway_id_of(key)

    async def new_customer(self, key: str) -> str:
        """Nothing to do; see Gateway."""
        return ""

    async def open(self, charge: Charge) -> str:
        """Nothing to do; see Gateway."""
        return ""

    async def find(self, key: str, gateway_id: str) -> Outcome | None:
        """See Gateway."""
        return await self._books.find(key)

    async def cancel(self, key: str, gateway_id: str) -> Outcome:
        """See Gateway."""
        return await self._books.cancel(key)

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """See Gateway."""
        return await self._books.refund(order)

    async def refunds(self, gateway_id: str, currency: str) -> Sequence[PaidBack]:
        """None: only the shop can pay back; see Gateway."""
        return ()


def gateway_id_of(key: str) -> str:
    """The books' own id of what was asked with a key: the same whoever asks, so that a repeat tells the same."""
    return f"pay_{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def _outcome(row: Any) -> Outcome:
    if row.status == CAPTURED:
        return Outcome(CAPTURED, row.gateway_id, received=Money(row.amount_minor, row.currency))
    return Outcome(DECLINED, row.gateway_id, row.problem, cancelled=row.status == CANCELLED)
