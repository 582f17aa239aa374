"""Adds up interactions by the rules of trending: a person counts once per product, an address for a few only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from server.recommend.serving.trending.journal import Interaction
from server.recommend.serving.trending.trend_queries import (
    MAX_FROM_ORIGIN,
    MAX_NEW_FROM_ORIGIN,
    NEWEST,
    STRANGERS_WORTH,
)

MAX_ENTRIES = 20_000


class Tally:
    """What interactions add to the scores of products, as `trend_queries.sales` would count them."""

    def __init__(self) -> None:
        self._added: Counter[int] = Counter()
        self._worth: dict[tuple[int, str], int] = {}
        self._from_origin: Counter[tuple[int, str, bool]] = Counter()

    @property
    def added(self) -> Mapping[int, int]:
        """What was added to each product."""
        return self._added

    @property
    def is_full(self) -> bool:
        """Whether it has grown so much that counting anew is better."""
        return len(self._worth) > MAX_ENTRIES

    def add(self, interaction: Interaction, country: str) -> None:
        """Add an interaction to the count of a country ("": everywhere), in which only orders to it count."""
        if not interaction.worth or (country and interaction.country != country):
            return
        who = interaction.product_id, interaction.actor
        counted = self._worth.get(who)
        is_new_account = bool(interaction.origin) and not interaction.is_visitors
        if counted is None and interaction.origin:
            where = interaction.product_id, interaction.origin, interaction.is_visitors
            if self._from_origin[where] >= (MAX_NEW_FROM_ORIGIN if is_new_account else MAX_FROM_ORIGIN):
                return
            self._from_origin[where] += 1
        worth = min(interaction.worth, STRANGERS_WORTH * NEWEST) if is_new_account else interaction.worth
        if counted is None or worth > counted:
            self._worth[who] = worth
            self._added[interaction.product_id] += worth - (counted or 0)
