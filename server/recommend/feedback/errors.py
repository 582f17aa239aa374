"""Refusals of what customers report."""

from __future__ import annotations

from server.errors import ResourceExhausted


class RateLimited(ResourceExhausted):
    """Someone reports more events than a person makes."""

    message = "Too many events: {limit} a minute are taken. Try again in {seconds} seconds; nothing was kept."
