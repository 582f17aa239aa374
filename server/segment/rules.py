"""The rules that define a segment, and which sets of them make sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from server.errors import FieldReason, InvalidField


@dataclass(frozen=True, slots=True)
class Rules:
    """The definition of a segment: the customers who fit all the rules that are set.

    None stands for a rule that is not set. Amounts are minor units of the shop's currency. A category counts with
    those below it; `category` is the slug it had when the rule was made, for people to read.
    """

    min_orders: int | None = None
    max_orders: int | None = None
    min_spent: int | None = None
    max_spent: int | None = None
    ordered_within_days: int | None = None
    not_ordered_for_days: int | None = None
    registered_within_days: int | None = None
    category_id: int | None = None
    category: str | None = None
    country: str | None = None

    @property
    def sum_up_orders(self) -> bool:
        """True when a rule needs the sums of a customer's orders."""
        return any(
            bound is not None for bound in (self.min_orders, self.max_orders, self.min_spent, self.max_spent)
        )

    def stored(self) -> dict[str, object]:
        """The rules that are set, as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Rules:
        """The rules that `stored` turned into this."""
        return cls(**stored)


def check(rules: Rules) -> None:
    """Raise InvalidField unless at least one rule is set and no two contradict each other."""
    if not rules.stored():
        raise InvalidField(("segment.rules", "at least one rule must be set", FieldReason.REQUIRED))
    wrong = [
        (f"segment.rules.{high}", f"must not be below {low}", FieldReason.CONFLICT)
        for low, high in (("min_orders", "max_orders"), ("min_spent", "max_spent"))
        if _is_above(getattr(rules, low), getattr(rules, high))
    ]
    if not _is_above(rules.ordered_within_days, rules.not_ordered_for_days, unless_set=True):
        wrong.append(
            ("segment.rules.not_ordered_for_days", "must be below ordered_within_days", FieldReason.CONFLICT)
        )
    if wrong:
        raise InvalidField(*wrong)


def _is_above(first: int | None, second: int | None, *, unless_set: bool = False) -> bool:
    return unless_set if first is None or second is None else first > second
