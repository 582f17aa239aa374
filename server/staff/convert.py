"""Accounts as staff sees them: plain values to protobuf."""

from __future__ import annotations

from collections.abc import Iterable

from sanset.v1 import user_admin_pb2 as pb
from sanset.v1.promotion_pb2 import Tier

from server.auth.convert import session_to_wire
from server.auth.throttle import Failures
from server.db.base import AnyRow
from server.pricing.tiers import Tiers
from server.rpc.wire import money_to_wire, time_to_wire
from server.staff.queries import AccountFilters, UserPurchases


def filters_from_wire(request: pb.ListUsersRequest, tiers: Tiers) -> AccountFilters:
    """Which accounts a list holds."""
    level = Tier.Level.Name(request.tier) if request.tier else None
    tier = next((step for step in tiers.steps if step.level == level), None)
    higher = tiers.after(tier) if tier is not None else None
    return AccountFilters(
        text=request.q,
        role=request.role.upper(),
        state=pb.UserAccount.State.Name(request.state) if request.state else "",
        from_points=tier.from_points if tier is not None else None,
        below_points=higher.from_points if higher is not None else None,
        ids=tuple(request.user_ids),
    )


def account_to_wire(row: AnyRow, tiers: Tiers) -> pb.UserAccount:
    """An account."""
    return pb.UserAccount(
        id=row.id,
        email=row.email,
        username=row.username or "",
        full_name=row.full_name,
        phone=row.phone,
        role=row.role,
        state=pb.UserAccount.State.Value(row.state),
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
        tier=Tier.Level.Value(tiers.at(row.lifetime).level),
    )


def details_to_wire(
    account: pb.UserAccount,
    row: AnyRow,
    purchases: UserPurchases,
    currency: str,
    *,
    sessions: Iterable[AnyRow],
    failures: Iterable[Failures],
) -> pb.UserDetails:
    """An account with what is needed to help its user."""
    return pb.UserDetails(
        user=account,
        order_count=purchases.orders,
        spent=money_to_wire(purchases.spent, currency),
        last_order_time=time_to_wire(purchases.last_at),
        points=row.points,
        lifetime_points=row.lifetime,
        sessions=[session_to_wire(session, current_id="") for session in sessions],
        failures=[
            pb.UserDetails.Failures(
                count=each.count,
                time=time_to_wire(each.since),
                lock_end_time=time_to_wire(each.locked_until),
                familiar=each.is_familiar,
            )
            for each in failures
        ],
    )
