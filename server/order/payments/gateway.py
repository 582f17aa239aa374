"""What every payment gateway can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.money import Money


@dataclass(frozen=True)
class Charge:
    """A payment to capture. The same `idempotency_key` is never charged twice."""

    idempotency_key: str
    amount: Money
    method: str
    token: str


@dataclass(frozen=True)
class Outcome:
    """What the gateway answered: whether the money was captured, its own id, and why not."""

    captured: bool
    gateway_id: str
    reason: str = ""


class Gateway(Protocol):
    """A payment gateway."""

    name: str

    async def charge(self, charge: Charge) -> Outcome:
        """Capture a payment, or return the outcome of an earlier call with the same key.

        May take as long as it likes: the caller bounds it. Raises nothing for a decline.
        """
        ...
