"""What every payment gateway can do, and the words for it.

Every operation carries a key of ours and is repeatable under it: whoever repeats one, after a crash or beside
another worker, moves no more money than the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from server.money import Money
from server.payment import status
from server.payment.declines import Decline
from server.payment.errors import SignatureInvalid

PENDING: Final = status.PENDING
CAPTURED: Final = status.CAPTURED
DECLINED: Final = status.DECLINED
VOIDED: Final = status.VOIDED
"""Only the shop's own word, never a gateway's: given up, and the gateway can charge nothing any more."""

NO_REASON: Final = "The payment was declined."
"""What a buyer is told when nobody says why."""

SUCCEEDED: Final = status.SUCCEEDED
FAILED: Final = status.FAILED

T = TypeVar("T")


class GatewayAway(Exception):
    """The gateway cannot be reached, or failed: what became of the request is not known. Ask again later."""


class ChargeRefused(Exception):
    """The gateway will never take such a payment, and nothing was charged; the text tells the buyer why."""

    def __init__(self, problem: str, decline_code: Decline = Decline.OTHER) -> None:
        super().__init__(problem)
        self.decline_code = decline_code


class CustomerUnknown(ChargeRefused):
    """The gateway does not know the charge's customer any more."""


async def in_time(answer: Awaitable[T], seconds: float) -> T:
    """Wait for a gateway's answer. Raises GatewayAway when it does not come within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        raise GatewayAway("no answer in time") from None


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment to capture. What has the same `key` is never charged twice.

    With `customer`, the gateway's id of the buyer, what the token stands for is kept there and can pay again.
    """

    key: str
    amount: Money
    method: str
    token: str
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a charge: CAPTURED, DECLINED, or PENDING while the buyer or the bank must still act.

    `problem` says in a sentence why it was declined, `decline_code` in the contract's word; `url` is where the
    buyer must go on. `cancelled` is set for one that is DECLINED because the shop gave it up. `received` is what
    was CAPTURED, as the gateway counted it.
    """

    status: str
    gateway_id: str
    problem: str = ""
    url: str = ""
    cancelled: bool = False
    received: Money | None = None
    decline_code: str = ""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money to pay back: part of the charge that has `charge_key` and, at the gateway, `gateway_id`."""

    key: str
    charge_key: str
    gateway_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """What became of a refund: SUCCEEDED, FAILED for good, or PENDING. Ask again with the same key while it is."""

    status: str
    gateway_id: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PaidBack:
    """A refund as its gateway knows it, whoever made it; `key` is the shop's for those that the shop asked for."""

    gateway_id: str
    key: str
    amount: Money | None
    status: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Disputed:
    """What a gateway says of a dispute: OPEN, WON by the shop, or LOST. `inquiry`: no money was taken yet."""

    gateway_id: str
    status: str
    amount: Money | None
    reason: str
    inquiry: bool = False
    respond_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway tells by itself of the charge that it knows as `gateway_id`.

    `key` is only the label that the charge bears, which anybody with the gateway's account can give to another. It
    tells an outcome, a dispute, or that the refunds of the charge are to be looked at; nothing of these: nothing
    that concerns us.
    """

    event_id: str
    key: str = ""
    gateway_id: str = ""
    outcome: Outcome | None = None
    dispute: Disputed | None = None
    refunds: bool = False

    @property
    def concerns_us(self) -> bool:
        """Whether it tells anything that the shop acts on."""
        return self.refunds or self.outcome is not None or self.dispute is not None


class Gateway(Protocol):
    """A payment gateway. Calls may take as long as they like: the caller bounds them. All raise GatewayAway."""

    name: str

    def id_of(self, key: str) -> str:
        """The gateway's id of the charge that has a key; empty when only the gateway can say."""
        ...

    async def new_customer(self, key: str) -> str:
        """Make a buyer known to the gateway, once per key, and return the gateway's id of the buyer.

        Empty when saved methods can pay without.
        """
        ...

    async def forget_customer(self, customer_id: str) -> None:
        """Have the gateway delete a customer with what is saved there; one that it does not know is no error."""
        ...

    async def open(self, charge: Charge) -> str:
        """Make a payment known to the gateway without charging it, and return the gateway's id of it.

        Empty when the gateway needs no such step. The caller remembers the id before it charges. Raises
        ChargeRefused.
        """
        ...

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Capture a payment, or return the outcome of an earlier call with the same key."""
        ...

    async def find(self, key: str, gateway_id: str) -> Outcome | None:
        """What became of a charge; None when nothing was ever charged, nor tried."""
        ...

    async def cancel(self, key: str, gateway_id: str) -> Outcome:
        """Make sure that a charge never succeeds any more: DECLINED then, CAPTURED when it was too late."""
        ...

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Pay part of a captured charge back."""
        ...

    async def refunds(self, gateway_id: str, currency: str) -> Sequence[PaidBack]:
        """All refunds of a charge in a currency, those made at the gateway itself too, the oldest first.

        None of a gateway at which only the shop can pay back.
        """
        ...

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> Report | None:
        """The report in a webhook; None when the headers carry no signature of this gateway's kind.

        Raises SignatureInvalid when the signature is not the gateway's, or is too old.
        """
        ...


class Gateways:
    """The gateways of a shop: one for each kind of payment, and each by its name for what was paid before."""

    def __init__(self, by_method: Mapping[str, Gateway]) -> None:
        self._by_method = dict(by_method)
        self._by_name = {gateway.name: gateway for gateway in by_method.values()}

    def for_method(self, method: str) -> Gateway:
        """The gateway that takes a kind of payment: CARD, UPI, GIFT_CARD."""
        return self._by_method[method]

    def named(self, name: str) -> Gateway:
        """The gateway that took a payment, as payments.gateway names it.

        Raises GatewayAway for one that the shop is not set up with any more: its payments wait until it is.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise GatewayAway(f"the shop has no gateway {name!r} at the moment") from None

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> tuple[Gateway, Report]:
        """The gateway that sent a webhook, and its report. Raises SignatureInvalid."""
        for gateway in self._by_name.values():
            report = gateway.read_report(body, headers)
            if report is not None:
                return gateway, report
        raise SignatureInvalid()
