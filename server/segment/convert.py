"""Between the analytics' protobuf messages and plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from google.type import money_pb2
from sanset.v1 import segment_pb2 as pb

from server.countries import country_code
from server.rpc.updates import masked_values
from server.rpc.wire import money_from_wire, money_to_wire, time_to_wire
from server.segment.membership import Moment
from server.segment.queries import Favourite
from server.segment.rules import Rules
from server.segment.service import Analysis, CountedSegment, MemberSummary


def segment_changes(request: pb.UpdateSegmentRequest, currency: str) -> dict[str, Any]:
    """Return what UpdateSegment changes. Raises InvalidUpdateMask, and InvalidMoney as `rules_from_wire`."""
    return masked_values(
        request.segment,
        request.update_mask,
        "segment",
        rules=lambda segment: rules_from_wire(segment.rules, currency),
    )


def rules_from_wire(rules: pb.SegmentRules, currency: str) -> Rules:
    """The rules of a segment; raises InvalidMoney for amounts that cannot be one in `currency`."""
    return Rules(
        min_orders=rules.min_orders if rules.HasField("min_orders") else None,
        max_orders=rules.max_orders if rules.HasField("max_orders") else None,
        min_spent=_minor(rules, "min_spent", currency),
        max_spent=_minor(rules, "max_spent", currency),
        ordered_within_days=rules.ordered_within_days or None,
        not_ordered_for_days=rules.not_ordered_for_days or None,
        registered_within_days=rules.registered_within_days or None,
        category=rules.bought_category or None,
        country=country_code(rules.country, "segment.rules.country") or None,
    )


def _minor(rules: pb.SegmentRules, name: Literal["min_spent", "max_spent"], currency: str) -> int | None:
    if not rules.HasField(name):
        return None
    return money_from_wire(getattr(rules, name), f"segment.rules.{name}", currency=currency).minor


def segment_to_wire(counted: CountedSegment, moment: Moment) -> pb.Segment:
    """A segment with the number of its members."""
    segment = counted.segment
    trained = segment.rules is None
    return pb.Segment(
        id=segment.id,
        name=segment.name,
        description=segment.description,
        kind=pb.Segment.TRAINED if trained else pb.Segment.RULES,
        rules=None if segment.rules is None else _rules_to_wire(segment.rules, moment.currency),
        member_count=counted.members,
        create_time=time_to_wire(segment.created_at),
        update_time=time_to_wire(segment.updated_at),
        etag=segment.etag,
    )


def _rules_to_wire(rules: Rules, currency: str) -> pb.SegmentRules:
    return pb.SegmentRules(
        min_orders=rules.min_orders,
        max_orders=rules.max_orders,
        min_spent=_amount(rules.min_spent, currency),
        max_spent=_amount(rules.max_spent, currency),
        ordered_within_days=rules.ordered_within_days or 0,
        not_ordered_for_days=rules.not_ordered_for_days or 0,
        registered_within_days=rules.registered_within_days or 0,
        bought_category=rules.category or "",
        country=rules.country or "",
    )


def _amount(minor: int | None, currency: str) -> money_pb2.Money | None:
    return None if minor is None else money_to_wire(minor, currency)


def analysis_to_wire(analysis: Analysis, moment: Moment) -> pb.SegmentAnalysis:
    """The analysis of a segment."""

    def money(minor: int) -> money_pb2.Money:
        return money_to_wire(minor, moment.currency)

    return pb.SegmentAnalysis(
        segment=segment_to_wire(analysis.counted, moment),
        customer_share=analysis.customer_share,
        order_count=analysis.orders,
        revenue=money(analysis.revenue),
        average_spent=money(analysis.average_spent),
        average_order_value=money(analysis.average_order_value),
        average_order_count=analysis.average_order_count,
        average_days_since_order=analysis.average_days_since_order,
        categories=_favourites(analysis.categories),
        products=_favourites(analysis.products),
    )


def _favourites(rows: Sequence[Favourite]) -> list[pb.SegmentAnalysis.Favourite]:
    return [
        pb.SegmentAnalysis.Favourite(
            id=row.id, name=row.name, member_count=row.members, order_count=row.orders
        )
        for row in rows
    ]


def member_to_wire(member: MemberSummary, currency: str) -> pb.SegmentMember:
    """A customer in a segment."""
    return pb.SegmentMember(
        user_id=member.user_id,
        name=member.name,
        email=member.email,
        order_count=member.orders,
        spent=money_to_wire(member.spent, currency),
        last_order_time=time_to_wire(member.last_order_at),
    )
