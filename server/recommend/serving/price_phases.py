"""The prices of products that change by the clock, and when the next one does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from server.catalog.discounts import Phase


class PricePhases:
    """What each product costs from when to when, as far as that changes."""

    def __init__(self) -> None:
        self._phases: dict[int, Sequence[Phase]] = {}
        self.next_turn: datetime | None = None
        """When a price next changes, or earlier; None: never."""

    @property
    def product_ids(self) -> frozenset[int]:
        """The products whose prices change."""
        return frozenset(self._phases)

    def put(self, product_id: int, phases: Sequence[Phase]) -> None:
        """Take the phases of a product; () when its price stays."""
        if not phases:
            self.remove(product_id)
            return
        self._phases[product_id] = phases
        self.next_turn = min(filter(None, (self.next_turn, phases[0][1])), default=None)

    def remove(self, product_id: int) -> None:
        """Forget a product."""
        self._phases.pop(product_id, None)

    def turn(self, now: datetime) -> Sequence[tuple[int, int]]:
        """Pass to the phases of `now`, and return the products and what they cost in these."""
        prices = []
        for product_id, phases in list(self._phases.items()):
            ahead = [phase for phase in phases if phase[1] is None or phase[1] > now]
            begins, _, price = ahead[0]
            if begins is None or begins <= now:
                prices.append((product_id, price))
            if len(ahead) > 1:
                self._phases[product_id] = ahead
            else:
                del self._phases[product_id]
        ends = (phases[0][1] for phases in self._phases.values())
        self.next_turn = min((end for end in ends if end is not None), default=None)
        return prices
