"""Settings of how long is kept what nobody needs for ever."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from server.settings.group import Group


class RetentionSettings(Group):
    """How long things are kept; what people did and searched for is in the groups of these subjects."""

    audit_days: int = Field(
        730, ge=30, le=3650, description="How long entries of the audit log are kept, in days"
    )
    event_days: int = Field(
        7,
        ge=1,
        le=365,
        description="How long is kept which orders, products and stocks changed, for outboxes and streams, "
        "in days",
    )
    mail_days: int = Field(
        30, ge=8, le=3650, description="How long mails, and deliveries of webhooks, are kept, in days"
    )
    request_id_hours: int = Field(
        24,
        ge=24,
        le=720,
        description="How long the replies to calls with a request id are kept, for repeats, in hours",
    )
    session_days: int = Field(
        7,
        ge=2,
        le=3650,
        description="How long sessions are kept after their end, with device and address, in days",
    )

    @model_validator(mode="after")
    def _mails_outlive_their_events(self) -> Self:
        if self.mail_days <= self.event_days:  # verify asks of each event whether it left a mail
            raise ValueError(
                f"MAIL_DAYS: mails are kept longer than events, for EVENT_DAYS={self.event_days}"
            )
        return self
