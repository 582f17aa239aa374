"""Settings of the analytics."""

from __future__ import annotations

from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, field_validator

from server.settings.group import Group


class AnalyticsSettings(Group):
    """How the shop's sales are counted."""

    time_zone: str = Field(
        "UTC",
        max_length=64,
        description="The time zone of the shop's days (IANA), by which sales are counted: Europe/Berlin",
    )

    @field_validator("time_zone")
    @classmethod
    def _names_a_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value.strip()).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            names = get_close_matches(value, available_timezones()) or ["Europe/Berlin", "America/New_York"]
            raise ValueError(f"{value!r} is no time zone, as {' and '.join(names[:2])} are") from None
