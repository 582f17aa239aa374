"""Who calls: a value, read once from the verified token and passed down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account may do."""

    CUSTOMER = "CUSTOMER"
    VENDOR = "VENDOR"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in caller. `expires_at` is the access token's end, in seconds since the epoch."""

    user_id: int
    role: Role
    session_id: str
    expires_at: float

    @property
    def is_admin(self) -> bool:
        """Whether the caller runs the shop."""
        return self.role is Role.ADMIN
