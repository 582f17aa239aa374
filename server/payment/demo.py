"""The demo gateway: no money moves, but books are kept, webhooks are signed, and tokens force every outcome.

`tok_decline` is declined, `tok_decline_insufficient_funds` for that reason, and so on with every decline code.
`tok_timeout` never answers, and charges nothing. `tok_late` charges, but its answer
comes after the shop has stopped waiting, and its webhook later still. `tok_twice` charges, and reports it twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

import structlog

from server.clock import Clock
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
from server.money import Money
from server.payment.declines import Decline, Objection
from server.payment.errors import SignatureInvalid
from server.payment.gateway import CAPTURED, DECLINED, Charge, Outcome, Report
from server.payment.in_house import Books, InHouseGateway

DECLINE: Final = "tok_decline"
TIMEOUT: Final = "tok_timeout"
LATE: Final = "tok_late"
TWICE: Final = "tok_twice"

SIGNATURE: Final = "sanset-demo-signature"
TOLERANCE_SECONDS: Final = 300
_KINDS: Final = {"payment.captured": CAPTURED, "payment.declined": DECLINED}

Tell = Callable[[bytes, Mapping[str, str]], Awaitable[object]]
"""Takes a webhook: its body and headers."""

log = structlog.get_logger()


class ReportSigner:
    """Signs the demo gateway's webhooks, and knows its own signatures."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._keys = Derived(ring, Purpose.DEMO_GATEWAY, bytes)
        self._clock = clock

    def header(self, body: bytes) -> str:
        """The value of the signature header: "t=<seconds>,v1=<hex>"."""
        moment = int(self._clock().timestamp())
        return f"t={moment},v1={_signature(self._keys.current, str(moment), body)}"

    def check(self, header: str, body: bytes) -> None:
        """Raise SignatureInvalid unless the header signs this body, not long ago."""
        parts = dict(part.partition("=")[::2] for part in header.split(",")[:4])
        moment, signature = parts.get("t", ""), parts.get("v1", "")
        if not (moment.isascii() and moment.isdigit() and len(moment) < 12 and signature.isascii()):
            raise SignatureInvalid()
        expected = (_signature(key, moment, body) for key in self._keys.all())
        if not any(hmac.compare_digest(one, signature) for one in expected):
            raise SignatureInvalid()
        if abs(self._clock().timestamp() - int(moment)) > TOLERANCE_SECONDS:
            raise SignatureInvalid()


def _signature(key: bytes, moment: str, body: bytes) -> str:
    return hmac.new(key, moment.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEvent:
    """What a webhook of the demo gateway tells: of a type of its own, what became of a charge."""

    id: str
    type: str
    key: str = ""
    gateway_id: str = ""
    problem: str = ""
    decline_code: str = ""
    received: Money | None = None

    @classmethod
    def of_outcome(cls, event_id: str, key: str, outcome: Outcome) -> Self:
        """The event that tells of an outcome."""
        return cls(
            id=event_id,
            type=next(kind for kind, status in _KINDS.items() if status == outcome.status),
            key=key,
            gateway_id=outcome.gateway_id,
            problem=outcome.problem,
            decline_code=outcome.decline_code,
            received=outcome.received,
        )

    @classmethod
    def of_json(cls, body: bytes) -> Self:
        """Read an event. Raises ValueError, KeyError and TypeError for what is none."""
        event = json.loads(body)
        if event["type"] not in _KINDS:
            return cls(id=event["id"], type=event["type"])
        has_amount = "amount_minor" in event
        return cls(
            id=event["id"],
            type=event["type"],
            key=event["key"],
            gateway_id=str(event["gateway_id"]),
            problem=event["problem"],
            decline_code=event.get("decline_code", ""),
            received=Money(int(event["amount_minor"]), str(event["currency"])) if has_amount else None,
        )

    def to_json(self) -> bytes:
        """The body of its webhook."""
        event: dict[str, object] = {
            "id": self.id,
            "type": self.type,
            "key": self.key,
            "gateway_id": self.gateway_id,
            "problem": self.problem,
            "decline_code": self.decline_code,
        }
        if self.received is not None:
            event |= {"amount_minor": self.received.minor, "currency": self.received.currency}
        return json.dumps(event).encode()

    def report(self) -> Report:
        """What it means to the shop."""
        status = _KINDS.get(self.type)
        if status is None:
            return Report(self.id)
        outcome = Outcome(
            status, self.gateway_id, self.problem, received=self.received, decline_code=self.decline_code
        )
        return Report(self.id, self.key, self.gateway_id, outcome)


class DemoGateway(InHouseGateway):
    """Captures every payment by card or UPI, but for a share that it declines and the tokens above."""

    name = "demo"

    def __init__(
        self,
        books: Books,
        signer: ReportSigner,
        *,
        delay_seconds: float = 0.0,
        failure_rate: float = 0.0,
        late_seconds: float = 6.0,
    ) -> None:
        """`failure_rate` is the share of payments to decline, from 0 to 1; `late_seconds` how late tok_late is."""
        super().__init__(books)
        self._signer = signer
        self._delay = delay_seconds
        self._failure_rate = failure_rate
        self._late = late_seconds
        self._reports: set[asyncio.Task[None]] = set()
        self.tell: Tell | None = None
        """Where the webhooks go; set once the server that takes them is built."""

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Capture or decline; see Gateway."""
        if self._delay:
            await asyncio.sleep(self._delay)
        if charge.token == TIMEOUT:
            await asyncio.Event().wait()
        is_repeat = charge.token == LATE and await self._books.find(charge.key)
        outcome = await self._books.charge(charge, self._objection(charge))
        if charge.token == TWICE:
            self._report(charge.key, outcome, times=2)
        if charge.token == LATE and not is_repeat:
            self._report(charge.key, outcome, after=self._late)
            await asyncio.sleep(self._late)
        return outcome

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> Report | None:
        """The report in a webhook that this gateway signed; see Gateway."""
        signature = headers.get(SIGNATURE)
        if signature is None:
            return None
        self._signer.check(str(signature), body)
        try:
            return DemoEvent.of_json(body).report()
        except (ValueError, KeyError, TypeError):  # signed, yet not a report: nothing of ours
            raise SignatureInvalid() from None

    def webhook(self, event_id: str, key: str, outcome: Outcome) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of the webhook that tells of an outcome."""
        body = DemoEvent.of_outcome(event_id, key, outcome).to_json()
        return body, {SIGNATURE: self._signer.header(body)}

    async def stop(self) -> None:
        """Give up the reports that are still due; the sweeper asks for what they would have told."""
        for report in self._reports:
            report.cancel()
        if self._reports:
            await asyncio.wait(self._reports)

    def _objection(self, charge: Charge) -> Objection | None:
        if charge.token == DECLINE or charge.token.startswith(f"{DECLINE}_"):
            named = charge.token.removeprefix(f"{DECLINE}_").upper()
            code = Decline(named) if named in Decline.__members__ else Decline.OTHER
            return Objection("The card was declined.", code)
        digest = hashlib.sha256(charge.key.encode()).digest()
        if self._failure_rate and int.from_bytes(digest[:8]) / 2**64 < self._failure_rate:
            return Objection("The payment was declined by chance; try again.", Decline.TRY_AGAIN)
        return None

    def _report(self, key: str, outcome: Outcome, *, times: int = 1, after: float = 0.0) -> None:
        task = asyncio.create_task(self._tell(key, outcome, times, after))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _tell(self, key: str, outcome: Outcome, times: int, after: float) -> None:
        await asyncio.sleep(after)
        event_id = f"evt_{hashlib.sha256(key.encode()).hexdigest()[:24]}_{int(time.time())}"
        for _ in range(times):
            body, headers = self.webhook(event_id, key, outcome)
            try:
                if self.tell is not None:
                    await self.tell(body, headers)
            except Exception as error:  # a real one would try again; here the sweeper finds it out
                log.warning("demo_webhook_failed", key=key, error=type(error).__name__)
