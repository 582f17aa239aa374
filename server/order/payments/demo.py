"""The demo gateway: no money moves. Its answers follow from the payment alone, so a repeat gets the same one."""

from __future__ import annotations

import asyncio
import hashlib

from server.order.payments.gateway import Charge, Outcome

DECLINE = "tok_decline"
TIMEOUT = "tok_timeout"


class DemoGateway:
    """Captures every payment, but for a share that it declines, and the tokens that force an outcome.

    `tok_decline` is declined and `tok_timeout` never answers.
    """

    name = "demo"

    def __init__(self, *, delay_seconds: float = 0.0, failure_rate: float = 0.0) -> None:
        """`failure_rate` is the share of payments to decline, from 0 to 1."""
        self._delay = delay_seconds
        self._failure_rate = failure_rate

    async def charge(self, charge: Charge) -> Outcome:
        """Capture or decline; see Gateway."""
        if self._delay:
            await asyncio.sleep(self._delay)
        if charge.token == TIMEOUT:
            await asyncio.Event().wait()
        digest = hashlib.sha256(charge.idempotency_key.encode()).digest()
        gateway_id = f"demo_{digest.hex()[:24]}"
        if charge.token == DECLINE:
            return Outcome(False, gateway_id, "The card was declined.")
        if int.from_bytes(digest[:8]) / 2**64 < self._failure_rate:
            return Outcome(False, gateway_id, "The payment was declined by chance; try again.")
        return Outcome(True, gateway_id)
