"""Composes the room of what is deleted with age."""

from __future__ import annotations

from server.core import Core
from server.jobs.runner import Job
from server.part import Part
from server.retention.cleanup import Cleanup, Periods


def build(core: Core) -> Part:
    """The daily cleaning up."""
    cleanup = Cleanup(core.work, core.clock, Periods.of(core.settings))
    return Part(jobs=[Job("clean up", cleanup.run, daily_at=core.settings.cleanup_daily_at)])
