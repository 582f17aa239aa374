"""Settings of a worker's capacity: how much it takes on, and for how long."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from server.settings.group import MAX_CALLS, Group

MAX_STREAMS = 1_000_000
_REDIS: Final = ("redis", "rediss", "valkey", "valkeys")


class CapacitySettings(Group):
    """Limits, deadlines, how a worker ends, and what it writes down."""

    rate_limit: int = Field(
        100,
        ge=0,
        le=MAX_CALLS,
        description="Anonymous calls per minute and address; 0 turns address limits off",
    )
    rate_limit_signed_in: int = Field(
        600, ge=1, le=MAX_CALLS, description="Signed-in calls per minute and address"
    )
    rate_limit_search: int = Field(
        60,
        ge=1,
        le=MAX_CALLS,
        description="Searches per minute and address, signed in or not; they count among its calls, too",
    )
    rate_limit_store: str = Field(
        "database",
        description="Where address limits are counted: memory (one worker), database, or redis://… (valkey://…)",
    )
    max_message_bytes: int = Field(
        1024 * 1024, ge=1024, le=256 * 1024 * 1024, description="Largest request message"
    )
    max_import_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024, description="Largest file of products to import"
    )
    max_streams_per_user: int = Field(
        100,
        ge=1,
        le=MAX_STREAMS,
        description="Open streams one user, or one address without a sign-in, may hold on a worker",
    )
    max_open_streams: int = Field(5000, ge=1, le=MAX_STREAMS, description="Open streams a worker accepts")
    max_queued_calls: int = Field(
        56,
        ge=1,
        le=MAX_STREAMS,
        description="Calls that a worker takes beyond those that have a database thread; the gateway refuses more",
    )
    max_wait_seconds: float = Field(
        1,
        gt=0,
        le=60,
        description="How long a call waits for a database thread, or for a row that another one holds, before it "
        "is refused; a tenth of that when the queue does not end",
    )
    default_deadline_seconds: float = Field(
        15, gt=0, le=3600, description="Deadline of a unary call that brings none"
    )
    heartbeat_seconds: float = Field(15, gt=0, le=30, description="Silence on a stream before a heartbeat")
    stream_lifetime_seconds: float = Field(
        1800, gt=0, le=86_400, description="A stream is asked to reconnect after this long"
    )
    edge_token: SecretStr = Field(
        SecretStr(""), description="Set by the supervisor: proves to workers that a call came through Envoy"
    )
    drain_seconds: float = Field(10, gt=0, le=3600, description="Time a stopping worker gives its calls")
    drain_notice_seconds: float = Field(
        5,
        ge=0,
        le=300,
        description="How long /readyz says no after SIGTERM before calls are refused: balancers need it",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged"
    )

    @field_validator("rate_limit_store")
    @classmethod
    def _store_is_supported(cls, value: str) -> str:
        parts = urlsplit(value)
        if value not in ("memory", "database") and not (parts.scheme in _REDIS and parts.hostname):
            raise ValueError("use memory, database or redis://host:6379/0 (rediss, valkey, valkeys)")
        return value
