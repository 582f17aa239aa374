"""The terms of a coupon: what it takes off, for whom and when, and what changes make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField
from server.money import Money

Changes: TypeAlias = Mapping[str, Any]
"""New values of fields of `CouponTerms`, by name."""

_AMOUNTS: Final = ("amount", "min_purchase", "max_discount")


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """A share (in basis points) or an amount off. An absent limit is 0, and every tier is ""."""

    description: str = ""
    percent_bp: int | None = None
    amount: Money | None = None
    min_purchase: Money | None = None
    max_discount: Money | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    active: bool = True
    min_tier: str = ""
    usage_limit: int = 0
    per_user_limit: int = 0

    @property
    def currencies(self) -> set[str]:
        """The currencies of the amounts, one at most; with none it can be used in any."""
        amounts = (self.amount, self.min_purchase, self.max_discount)
        return {money.currency for money in amounts if money is not None}

    def check(self) -> None:
        """Raise InvalidField where the terms contradict each other."""
        if len(self.currencies) > 1:
            problem = f"its amounts are in {' and '.join(sorted(self.currencies))}; one is needed"
            raise InvalidField(("coupon", problem, FieldReason.CONFLICT))
        if (self.percent_bp is None) == (self.amount is None):
            problem = "needs either discount_basis_points or discount_amount"
            raise InvalidField(("coupon.discount", problem, FieldReason.REQUIRED))
        for field, money in (("discount_amount", self.amount), ("max_discount", self.max_discount)):
            if money is not None and money.minor == 0:
                raise InvalidField((f"coupon.{field}", "must be above 0", FieldReason.OUT_OF_RANGE))
        if self.max_discount is not None and self.percent_bp is None:
            raise InvalidField(
                ("coupon.max_discount", "bounds a percentage; an amount needs no bound", FieldReason.CONFLICT)
            )
        begins, ends = self.valid_from, self.valid_until
        if begins is not None and ends is not None and begins >= ends:
            raise InvalidField(("coupon.valid_until", "must be after valid_from", FieldReason.CONFLICT))

    def columns(self) -> dict[str, object]:
        """What is stored of them, by column."""
        plain = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name not in _AMOUNTS
        }
        return plain | {
            "currency": "".join(self.currencies),
            "amount_minor": self.amount.minor if self.amount else None,
            "min_purchase_minor": self.min_purchase.minor if self.min_purchase else 0,
            "max_discount_minor": self.max_discount.minor if self.max_discount else None,
        }


def terms_of(row: AnyRow) -> CouponTerms:
    """Build the terms from a coupon's row."""

    def money(minor: int | None) -> Money | None:
        return Money(minor, row.currency) if minor else None

    return CouponTerms(
        description=row.description,
        percent_bp=row.percent_bp,
        amount=money(row.amount_minor),
        min_purchase=money(row.min_purchase_minor),
        max_discount=money(row.max_discount_minor),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        active=row.active,
        min_tier=row.min_tier,
        usage_limit=row.usage_limit,
        per_user_limit=row.per_user_limit,
    )


def changed(terms: CouponTerms, changes: Changes) -> CouponTerms:
    """The terms with the changes. Raises InvalidField where they contradict each other.

    Naming the one way to take something off ends the other.
    """
    names_percent = changes.get("percent_bp") is not None
    names_amount = changes.get("amount") is not None
    after = replace(terms, **changes)
    if names_percent and not names_amount:
        after = replace(after, amount=None)
    elif names_amount and not names_percent:
        after = replace(after, percent_bp=None)
    after.check()
    return after
