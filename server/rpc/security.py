"""Who hears of calls that concern security: the log of security events, which lies above."""

from __future__ import annotations

from typing import Protocol

from server.errors import Refusal
from server.rpc.call import Call


class SecurityReports(Protocol):
    """Takes reports on the event loop, at once; how many of them are written is its business."""

    def refused(self, call: Call, refusal: Refusal) -> None:
        """A call was refused."""

    def succeeded(self, call: Call) -> None:
        """A call succeeded that changes how an account is signed in to."""

    def key_used(self, call: Call) -> None:
        """A back end calls with its key."""


class NoReports:
    """Hears nothing."""

    def refused(self, call: Call, refusal: Refusal) -> None:
        """Nothing."""

    def succeeded(self, call: Call) -> None:
        """Nothing."""

    def key_used(self, call: Call) -> None:
        """Nothing."""
