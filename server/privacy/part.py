"""Composes the room of deleted accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from server.core import Core
from server.jobs.runner import Job
from server.part import Part
from server.payment.gateway import Gateways
from server.privacy.eraser import Eraser


@dataclass(frozen=True, kw_only=True)
class PrivacyPart(Part):
    """What erases."""

    eraser: Eraser


def build(core: Core, gateways: Gateways) -> PrivacyPart:
    """The jobs that erase."""
    settings = core.settings
    eraser = Eraser(core.work, core.clock, gateways, gateway_seconds=settings.payment_timeout_seconds)
    return PrivacyPart(
        eraser=eraser,
        jobs=[
            Job("erase accounts", eraser.run, every=timedelta(minutes=1)),
            Job("look at erased accounts", eraser.reopen, daily_at=settings.cleanup_daily_at),
        ],
    )
