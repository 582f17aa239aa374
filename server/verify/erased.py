"""The rule of deleted accounts: nothing personal is left once they are erased."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, exists, literal, select, union
from sqlalchemy.orm import aliased

from server.order.models import Order
from server.privacy.how import TableErasure
from server.privacy.plan import PLAN
from server.user.models import Erasure
from server.verify.rule import Rule


def _left(how: TableErasure) -> Select[Any, str]:
    """The accounts of which something is left in a table, and its name."""
    rows, user = how.owners()
    # What was written since, of an order that went on by a refund, is erased at night.
    order = aliased(Order)
    went_on = exists().where(order.user_id == Erasure.user_id, order.updated_at > Erasure.erased_at)
    return (
        rows.with_only_columns(user.label("user_id"), literal(how.table.name).label("left_in"))
        .join(Erasure, Erasure.user_id == user)
        .where(Erasure.due_at.is_(None), how.is_left(), ~went_on)
    )


_ALL: Final = union(*map(_left, PLAN)).subquery()

ERASED: Final = (
    Rule(
        "account-erased",
        "user {user_id}: has deleted the account, but something personal is left in {left_in}",
        select(_ALL.c.user_id, _ALL.c.left_in).order_by(_ALL.c.user_id, _ALL.c.left_in),
    ),
)
