"""The payment gateways of a shop, made from its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from server.core import Core
from server.payment.alerts import Alerts
from server.payment.demo import DemoGateway, ReportSigner
from server.payment.gateway import Gateways
from server.payment.gift_cards import Codes, GiftCardGateway
from server.payment.in_house import Books

if TYPE_CHECKING:
    from server.payment.stripe_gateway import StripeGateway

LATE_SECONDS = 0.5
"""How long after the shop stopped waiting the demo gateway reports what it charged late."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Payments:
    """What takes the shop's money. One of `demo` and `stripe` is there; gift cards always are."""

    gateways: Gateways
    alerts: Alerts
    codes: Codes
    demo: DemoGateway | None
    stripe: StripeGateway | None

    @classmethod
    def of(cls, core: Core) -> Payments:
        """The gateways that the settings name."""
        settings, alerts = core.settings, Alerts(core.clock, core.registry)
        books, codes = Books(core.work, core.clock), Codes(core.ring)
        gift_cards = GiftCardGateway(books, codes)
        if settings.payment_gateway == "stripe":
            from server.payment.stripe_gateway import StripeGateway  # only who uses it pays for its library

            gateway = StripeGateway.of(settings)
            gateways = Gateways({"CARD": gateway, "UPI": gateway, "GIFT_CARD": gift_cards})
            return cls(gateways, alerts, codes, None, gateway)
        if settings.environment == "production":
            log.warning("demo_gateway_in_production", hint="no money moves, as PAYMENT_GATEWAY says")
        demo = DemoGateway(
            books,
            ReportSigner(core.ring, core.clock),
            delay_seconds=settings.demo_payment_delay_seconds,
            failure_rate=settings.demo_payment_failure_rate,
            late_seconds=settings.payment_timeout_seconds + LATE_SECONDS,
        )
        gateways = Gateways({"CARD": demo, "UPI": demo, "GIFT_CARD": gift_cards})
        return cls(gateways, alerts, codes, demo, None)

    async def stop(self) -> None:
        """Give up what is still under way; the sweeper asks for it."""
        if self.demo is not None:
            await self.demo.stop()
        if self.stripe is not None:
            self.stripe.close()
