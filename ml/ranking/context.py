"""What a list is made for, in rows of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from ml.data.arrays import Array, Rows


@dataclass(frozen=True, eq=False)
class Context:
    """Whom a list is for; products are rows of the catalogue, each once."""

    user_id: int
    past: Rows
    """What they bought or looked at, latest first."""
    bought: Array
    """Which of these they bought."""
    here: Rows
    """What stands on the page or is in the cart."""
    now: float
    """Seconds since 1970."""
