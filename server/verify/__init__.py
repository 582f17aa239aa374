"""Checks the invariants of the shop, on any database, at any time."""

from __future__ import annotations

from server.verify.run import MAX_PER_RULE, Discrepancy, verify

__all__ = ["MAX_PER_RULE", "Discrepancy", "verify"]
