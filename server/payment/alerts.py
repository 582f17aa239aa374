"""What a person must look at: reports of gateways that do not fit, refunds that failed, disputes.

Each is told once: as a row that stays until it is closed, an error in the log, a count among the metrics, and a
mail to the shop's keeper, which the mails' outbox writes from the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Connection

from server.clock import Clock
from server.payment import alert_queries

OTHER_PAYMENT: Final = "OTHER_PAYMENT"
OTHER_ORDER: Final = "OTHER_ORDER"
UNKNOWN_ORDER: Final = "UNKNOWN_ORDER"
OTHER_AMOUNT: Final = "OTHER_AMOUNT"
OTHER_CURRENCY: Final = "OTHER_CURRENCY"
REFUND_UNEXPECTED: Final = "REFUND_UNEXPECTED"
REFUND_FAILED: Final = "REFUND_FAILED"
DISPUTE_OPENED: Final = "DISPUTE_OPENED"
DISPUTE_WON: Final = "DISPUTE_WON"
DISPUTE_LOST: Final = "DISPUTE_LOST"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alert:
    """What happened to what a gateway knows as `gateway_id`: one of the words above, and a sentence."""

    kind: str
    gateway: str
    gateway_id: str
    problem: str
    order_id: int | None = None


class Alerts:
    """Tells of each once."""

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._count = Counter(
            "sanset_payment_alerts",
            "Payments, refunds and disputes that a person must look at",
            ["kind"],
            registry=registry,
        )

    def note(self, tx: Connection, alert: Alert) -> bool:
        """Tell of something, in the caller's transaction; False when it was told before."""
        key = f"{alert.kind}/{alert.gateway}/{alert.gateway_id}/{alert.order_id or ''}"[:200]
        is_new = alert_queries.new_alert(
            tx,
            key,
            kind=alert.kind,
            gateway=alert.gateway,
            gateway_id=alert.gateway_id[:128],
            order_id=alert.order_id,
            problem=alert.problem[:500],
            now=self._clock(),
        )
        if not is_new:
            return False
        self._count.labels(alert.kind).inc()
        log.error(
            "payment_alert",
            kind=alert.kind,
            gateway=alert.gateway,
            gateway_id=alert.gateway_id[:128],
            order_id=alert.order_id,
            problem=alert.problem,
        )
        return True
