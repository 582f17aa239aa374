"""Settings of reviews."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from server.settings.group import Group


class ReviewSettings(Group):
    """When reviews are published."""

    review_moderation: Literal["none", "first"] = Field(
        "none", description="none: reviews are published at once; first: when staff have looked at them"
    )
