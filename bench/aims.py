"""What the figures must reach, by the names of their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Aim:
    """A bound of a row: of its ratio where it has one, else of its value."""

    bound: float
    at_least: bool = False

    def reached_by(self, figure: float) -> bool:
        """True when a figure is on the right side of the bound."""
        return figure >= self.bound if self.at_least else figure <= self.bound

    def __str__(self) -> str:
        """The bound, as a table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:,g}"


AIMS: Final[Mapping[str, Aim]] = {
    "get_product_vs_echo": Aim(1.25),
    "list_products_vs_echo": Aim(2.2),
    "recommendations_vs_echo": Aim(1.8),
    "add_item_vs_fastapi": Aim(0.25),
    "add_item_postgres": Aim(900),
    "checkout_vs_fastapi": Aim(0.4),
    "checkout_postgres": Aim(3_000),
    "stream_kb": Aim(25),
    "stream_event_p99_ms": Aim(15),
}
