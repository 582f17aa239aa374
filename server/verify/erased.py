"""The rules of deleted accounts: nothing personal is left once they are erased."""

from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy import exists

from server.order.models import Order
from server.privacy.how import TableErasure
from server.privacy.plan import PLAN
from server.user.models import Erasure
from server.verify.rule import Rule


def _rules() -> list[Rule]:
    """A rule for each part of the plan, named by its table."""
    parts: Counter[str] = Counter()
    rules = []
    for how in PLAN:
        name = how.table.name
        parts[name] += 1
        rules.append(_rule(f"erased-{name}" + (f"-{parts[name]}" if parts[name] > 1 else ""), how))
    return rules


def _rule(name: str, how: TableErasure) -> Rule:
    rows, user = how.owners()
    # What was written since, of an order that went on by a refund, the shop erases at night.
    went_on = exists().where(Order.user_id == Erasure.user_id, Order.updated_at > Erasure.erased_at)
    query = (
        rows.with_only_columns(user.label("user_id"))
        .join(Erasure, Erasure.user_id == user)
        .where(Erasure.due_at.is_(None), how.is_left(), ~went_on)
        .distinct()
        .order_by(user)
    )
    return Rule(
        name,
        f"user {{user_id}}: has deleted the account, but something personal is left in {how.table.name}",
        query,
    )


ERASED: Final = tuple(_rules())
