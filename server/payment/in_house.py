"""The books of the gateways that live in the shop's database: what was charged, and what was paid back.

They stand for a bank's: every entry is made in a short transaction of its own, never in one of the shop's, and the
key that it was asked with makes it once for all. A charge that was cancelled is an entry too; whoever comes to
charge later finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from server.clock import Clock
from server.db.faults import refusal_of
from server.db.waiting import StatementResult
from server.db.work import Work
from server.errors import Refusal
from server.payment import gift_card_queries, queries
from server.payment.declines import Objection
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
from server.payment.records import BookedCharge

SPENDABLE = timedelta(days=90)
"""For how long money that goes back on a gift card can be spent at least, whenever the card was to end: the buyer
has it back only when there is time to use it."""
CANCELLED = "CANCELLED"
IN_HOUSE = frozenset({"demo", "gift_card"})
"""The gateways that keep these books: at them nobody but the shop can pay back."""

T = TypeVar("T")
Pay = Callable[[Connection, Charge, datetime], Objection | None]
"""Takes the money of a charge that was just entered, and returns why it cannot; None when it did."""


class _TooMuch(Exception):
    """Undoes a refund for which the charge has not enough left."""


class Books:
    """Charges and refunds, each once per key."""

    def __init__(self, work: Work, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def charge(
        self, charge: Charge, objection: Objection | None = None, pay: Pay | None = None
    ) -> Outcome:
        """Enter a charge, declined when there is an objection to it; or return what the entry there is says."""
        entry, entered = await _answered(self._work.write(self._charge, charge, objection, pay, vital=True))
        if entered.first() is None:
            entry = await _answered(self._work.read(_entered, charge.key, vital=True))
        return _outcome(entry)

    async def find(self, key: str) -> Outcome | None:
        """What the books say of a charge; None when they know nothing of it."""
        entry = await _answered(self._work.read(queries.charge, key, vital=True))
        return _outcome(entry) if entry else None

    async def cancel(self, key: str) -> Outcome:
        """Enter that a charge must not happen, and return DECLINED; CAPTURED when it has happened."""
        return await _answered(self._work.write(self._cancel, key, vital=True))

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Pay back, once per key, what is left of a charge at most."""
        try:
            await _answered(self._work.write(self._refund, order, vital=True))
        except _TooMuch:
            return RefundOutcome(FAILED, "", "The charge has less left than that.")
        return RefundOutcome(SUCCEEDED, f"re_{gateway_id_of(order.key)}")

    def _charge(
        self, tx: Connection, charge: Charge, objection: Objection | None, pay: Pay | None
    ) -> tuple[BookedCharge, StatementResult]:
        """The entry, and what tells once this is committed whether it was made."""
        now = self._clock()
        entry = BookedCharge(
            key=charge.key,
            gateway_id=gateway_id_of(charge.key),
            status=DECLINED if objection else CAPTURED,
            amount_minor=charge.amount.minor,
            currency=charge.amount.currency,
            problem=objection.problem if objection else "",
            decline_code=objection.decline_code if objection else "",
        )
        entered = queries.new_charge(tx, entry, charge.method, now)
        if pay is not None and objection is None and entered.first() is not None:
            objection = pay(tx, charge, now)
            if objection:
                problem, code = objection.problem, objection.decline_code
                queries.decline_charge(tx, charge.key, problem, code)
                entry = replace(entry, status=DECLINED, problem=problem, decline_code=code)
        return entry, entered

    def _cancel(self, tx: Connection, key: str) -> Outcome:
        entry = BookedCharge(
            key=key,
            gateway_id=gateway_id_of(key),
            status=CANCELLED,
            amount_minor=0,
            currency="",
            problem="The payment was cancelled.",
        )
        queries.new_charge(tx, entry, "", self._clock())
        return _outcome(_entered(tx, key))

    def _refund(self, tx: Connection, order: RefundOrder) -> None:
        """Pay back, unless that was done. Raises _TooMuch, which undoes it."""
        now = self._clock()
        minor, currency = order.amount.minor, order.amount.currency
        if not queries.new_refund(tx, order.key, order.charge_key, minor, now):
            return
        charge = queries.take_from_charge(tx, order.charge_key, minor, currency)
        if charge is None:
            raise _TooMuch()
        if charge.gift_card_id is not None:
            gift_card_queries.put_on_gift_card(tx, charge.gift_card_id, minor, now + SPENDABLE)
            gift_card_queries.new_entry(tx, charge.gift_card_id, f"refund {order.key}", minor, now)


async def _answered(work: Awaitable[T]) -> T:
    """Wait for the books' answer. Raises GatewayAway when the database is away, as the bank would be then."""
    try:
        return await work
    except Exception as error:
        refusal = refusal_of(error)
        if isinstance(refusal, Refusal):
            raise GatewayAway(str(refusal)) from error
        raise


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

    async def forget_customer(self, customer_id: str) -> None:
        """Nothing to do; see Gateway."""

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


def _entered(connection: Connection, key: str) -> BookedCharge:
    """The entry with a key, which is there."""
    entry = queries.charge(connection, key)
    if entry is None:
        raise AssertionError("an entry kept another out of the books, and is not there")
    return entry


def _outcome(entry: BookedCharge) -> Outcome:
    if entry.status == CAPTURED:
        return Outcome(CAPTURED, entry.gateway_id, received=entry.amount)
    return Outcome(
        DECLINED,
        entry.gateway_id,
        entry.problem,
        cancelled=entry.status == CANCELLED,
        decline_code=entry.decline_code,
    )
