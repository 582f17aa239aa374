"""A shop of each module's own, whose whole is checked."""

from __future__ import annotations

from support.module_shop import module_shop

__all__ = ["module_shop"]
