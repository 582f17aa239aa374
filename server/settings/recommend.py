"""Settings of the recommendations: training, what is kept of behaviour, and how models are kept."""

from __future__ import annotations

from pydantic import Field

from server.settings.group import MAX_CALLS, Group, TimeOfDay


class RecommendSettings(Group):
    """Training, behaviour events, models and the log of what was shown."""

    train_daily_at: TimeOfDay = Field(
        "03:00",
        description="When the recommendations are trained each day (UTC); off: never by themselves",
    )
    behavior_days: int = Field(
        180, ge=1, le=3650, description="How long is kept what people looked at and put into carts, in days"
    )
    events_per_minute: int = Field(
        600,
        ge=0,
        le=MAX_CALLS,
        description="Behaviour events taken per minute from one user or visitor, five times as many from one "
        "address of visitors and new accounts, and a hundred times as many of that a day, on a worker; 0: all",
    )
    models_kept: int = Field(
        5,
        ge=1,
        le=1000,
        description="How many of the newest models are kept on the disk besides those in use",
    )

    recommendation_log: bool = Field(
        True,
        description="Keep which recommendations and results of searches were shown: what is measured of clicks "
        "and orders needs it",
    )
    recommendation_log_days: int = Field(
        90, ge=30, le=3650, description="How long that is kept, in days; at most 90 of them are measured"
    )
