"""Refusals of what customers report."""

from __future__ import annotations

from server.errors import ResourceExhausted


class TooManyEvents(ResourceExhausted, reason="RATE_LIMITED"):
    """Someone reports more events than a person makes."""

    message = "Too many events: {limit} a minute are taken. Try again in {seconds} seconds; nothing was kept."
