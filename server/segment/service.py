"""The rules of segments: defining them, and looking at those who belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.audit.log import note_change
from server.catalog.categories import read_tree
from server.etags import check_etag
from server.money import round_half_up
from server.segment import queries
from server.segment.errors import SegmentIsTrained, SegmentNotFound, SegmentTaken
from server.segment.membership import Moment, Segment
from server.segment.queries import NO_ORDERS, Favourite
from server.segment.rules import Rules, check
from server.text import name_key as names
from server.text.tidy import tidied


@dataclass(frozen=True, slots=True)
class CountedSegment:
    """A segment with the number of its members."""

    segment: Segment
    members: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many customers fit the rules that a segment is about to have."""

    rules: Rules
    moment: Moment
    members: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """Averages and favourites of a segment's members; amounts are minor units of the shop's currency."""

    counted: CountedSegment
    customer_share: float
    orders: int
    revenue: int
    average_spent: int
    average_order_value: int
    average_order_count: float
    average_days_since_order: float
    categories: Sequence[Favourite]
    products: Sequence[Favourite]


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """A customer in a segment, with what they ordered so far."""

    user_id: int
    name: str
    email: str
    orders: int
    spent: int
    last_order_at: datetime | None


def forecast(connection: Connection, rules: Rules, moment: Moment) -> Forecast:
    """Count who fits rules, before the transaction that writes them: counting may take long, and writers wait.

    Raises InvalidField and CategoryNotFound.
    """
    return _fitting(connection, _checked(connection, rules), moment)


def forecast_change(
    connection: Connection, segment_id: int, changes: Mapping[str, Any], etag: str, moment: Moment
) -> Forecast:
    """The same of a segment as it will be after changes.

    Raises SegmentNotFound, SegmentIsTrained and StaleEtag too.
    """
    current = get(connection, segment_id)
    rules = _rules_of(current)
    check_etag(etag, current.etag, "segment")
    return _fitting(
        connection, _checked(connection, changes["rules"]) if "rules" in changes else rules, moment
    )


def _fitting(connection: Connection, rules: Rules, moment: Moment) -> Forecast:
    drafted = Segment(0, "", "", rules, moment.now, moment.now)
    return Forecast(rules, moment, count(connection, [drafted], moment)[0].members)


def counted(tx: Connection, segment: Segment, expected: Forecast) -> CountedSegment:
    """A segment that was written just now; counted anew only where it got other rules than expected meanwhile."""
    if segment.rules == expected.rules:
        return CountedSegment(segment, expected.members)
    return count(tx, [segment], expected.moment)[0]


def define(tx: Connection, name: str, description: str, rules: Rules, now: datetime) -> Segment:
    """Define a segment by rules; `rules.category` is a slug or name.

    Raises InvalidField, CategoryNotFound, and SegmentTaken.
    """
    texts = tidied({"name": name, "description": description}, required=["name"], prefix="segment.")
    rules = _checked(tx, rules)
    values = {"kind": queries.RULES, "rules": rules.stored(), "created_at": now, "updated_at": now}
    segment_id = queries.insert_segment(tx, {**texts, "name_key": name_key(texts["name"]), **values})
    if segment_id is None:
        raise SegmentTaken(name=texts["name"])
    return Segment(segment_id, texts["name"], texts["description"], rules, now, now)


def redefine(
    tx: Connection, segment_id: int, changes: Mapping[str, Any], etag: str, now: datetime
) -> Segment:
    """Change the `name`, `description` and `rules` of a segment that is defined by rules.

    Raises SegmentNotFound, SegmentIsTrained, StaleEtag, InvalidField, CategoryNotFound, and SegmentTaken.
    """
    values = tidied(changes, required=["name"], prefix="segment.")
    current = _hold_ruled(tx, segment_id, etag)
    if "rules" in values:
        values["rules"] = _checked(tx, values["rules"])
    values = {name: value for name, value in values.items() if value != getattr(current, name)}
    if not values:
        return current
    note_change({name: getattr(current, name) for name in values}, values)
    if "name" in values:
        values["name_key"] = name_key(values["name"])
    if "rules" in values:
        values["rules"] = values["rules"].stored()
    try:
        queries.update_segment(tx, segment_id, {**values, "updated_at": now})
    except IntegrityError:
        raise SegmentTaken(name=values["name"]) from None
    return get(tx, segment_id)


def _checked(tx: Connection, rules: Rules) -> Rules:
    """`rules` that make sense, with the id of their category."""
    check(rules)
    if rules.category is None:
        return rules
    category = read_tree(tx).named(rules.category)
    return replace(rules, category=category.slug, category_id=category.id)


def name_key(name: str) -> str:
    """The form in which a name is unique, and by which segments are listed: whatever its case."""
    return names.name_key(name)


def get(connection: Connection, segment_id: int, *, lock: bool = False) -> Segment:
    """A segment; raises SegmentNotFound."""
    segment = queries.segment(connection, segment_id, lock=lock)
    if segment is None:
        raise SegmentNotFound(segment_id=segment_id)
    return segment


def count(connection: Connection, segments: Sequence[Segment], moment: Moment) -> list[CountedSegment]:
    """Segments with the numbers of their members, in the same order."""
    counts = queries.member_counts(connection, segments, moment)
    return [CountedSegment(segment, counts[segment.id]) for segment in segments]


def remove(tx: Connection, segment_id: int, etag: str) -> None:
    """Delete a segment that is defined by rules; raises SegmentNotFound, SegmentIsTrained and StaleEtag."""
    _hold_ruled(tx, segment_id, etag)
    queries.delete_segment(tx, segment_id)


def _hold_ruled(tx: Connection, segment_id: int, etag: str) -> Segment:
    """Hold a segment that is defined by rules. Raises SegmentNotFound, SegmentIsTrained and StaleEtag."""
    current = get(tx, segment_id, lock=True)
    _rules_of(current)
    check_etag(etag, current.etag, "segment")
    return current


def _rules_of(segment: Segment) -> Rules:
    """The rules that define a segment. Raises SegmentIsTrained."""
    if segment.rules is None:
        raise SegmentIsTrained(segment_id=segment.id)
    return segment.rules


def analyze(connection: Connection, segment_id: int, moment: Moment) -> Analysis:
    """Analyse the members of a segment; raises SegmentNotFound."""
    segment = get(connection, segment_id)
    summary = queries.summary(connection, segment, moment)
    favourites = queries.favourites(connection, segment, moment)
    return Analysis(
        counted=CountedSegment(segment, summary.members),
        customer_share=summary.members / max(summary.customers, 1),
        orders=summary.orders,
        revenue=summary.spent,
        average_spent=_average(summary.spent, summary.members),
        average_order_value=_average(summary.spent, summary.priced),
        average_order_count=summary.orders / max(summary.members, 1),
        average_days_since_order=max(summary.days or 0.0, 0.0),
        categories=favourites[queries.CATEGORIES],
        products=favourites[queries.PRODUCTS],
    )


def _average(minor: int, among: int) -> int:
    return round_half_up(Decimal(minor) / max(among, 1))


def members(
    connection: Connection, segment_id: int, moment: Moment, after: int | None, limit: int
) -> list[MemberSummary]:
    """Members of a segment by id, those after the user `after`; raises SegmentNotFound."""
    page = queries.member_page(connection, get(connection, segment_id), moment, after, limit)
    totals = queries.totals_of(connection, [account.id for account in page], moment)
    return [
        MemberSummary(account.id, account.full_name, account.email, *totals.get(account.id, NO_ORDERS))
        for account in page
    ]
