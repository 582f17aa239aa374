"""Composes the room of the invariants."""

from __future__ import annotations

from server.core import Core
from server.jobs.runner import Job
from server.part import Part
from server.verify.nightly import NightlyVerify


def build(core: Core) -> Part:
    """The nightly check."""
    verify = NightlyVerify(core.settings, core.work, core.registry)
    return Part(
        listeners=[verify.attach],
        jobs=[Job("verify", verify.run, daily_at=core.settings.verify_daily_at)],
    )
