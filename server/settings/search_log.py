"""Settings of what is recorded of searches, and of what is suggested of it."""

from __future__ import annotations

from pydantic import Field

from server.settings.group import Group


class SearchLogSettings(Group):
    """The log of the searches, and the queries that are suggested to others."""

    search_log_days: int = Field(
        30,
        ge=0,
        le=365,
        description="How long is kept who searched for what, in days; 0: searches are not recorded",
    )
    search_count_days: int = Field(
        400,
        ge=30,
        le=3650,
        description="How long is kept how often was searched for what on a day, without names, in days",
    )
    suggest_min_searchers: int = Field(
        5,
        ge=2,
        le=20,
        description="How many people must have searched for the same before it is suggested to others",
    )
    suggest_days: int = Field(30, ge=1, le=90, description="In how many days they must have searched for it")
