"""Settings of the scheduled work."""

from __future__ import annotations

from pydantic import Field

from server.settings.group import Group, TimeOfDay


class JobSettings(Group):
    """The scheduled jobs: done by the workers or not, and at which time."""

    run_jobs: bool = Field(
        True,
        description="Whether the workers do the scheduled work too; one does at a time, in the whole cluster",
    )
    cleanup_daily_at: TimeOfDay = Field(
        "02:00",
        description="When what is not needed any more is deleted (UTC); off: never",
    )
    verify_daily_at: TimeOfDay = Field(
        "04:00", description="When `sanset verify` runs by itself (UTC); off: never"
    )
