"""Proves on any database, at any time, that what must always hold does hold."""

from __future__ import annotations

from server.verify.run import MOST_PER_RULE, Violation, verify

__all__ = ["MOST_PER_RULE", "Violation", "verify"]
