"""Between what is counted of searches and its protobuf messages."""

from __future__ import annotations

from sanset.v1 import search_admin_pb2 as pb

from server.rpc.wire import money_to_wire, time_to_wire
from server.search.analytics.counting_queries import Day
from server.search.analytics.report import PositionTotals, QueryTotals, SearchReport, SearchTotals


def report_to_wire(report: SearchReport, currency: str) -> pb.SearchAnalytics:
    """What a period came to."""
    return pb.SearchAnalytics(
        start_time=time_to_wire(Day(report.period.first).start),
        count_time=time_to_wire(report.counted_at),
        totals=_totals_to_wire(report.totals, currency),
        positions=[_position_to_wire(position) for position in report.positions],
    )


def query_to_wire(query: QueryTotals, currency: str) -> pb.SearchAnalytics.Query:
    """What one query came to."""
    text, *counts = query
    searches, zero_results, *effects = counts
    totals = SearchTotals(searches, zero_results, 0, *effects)
    return pb.SearchAnalytics.Query(query=text, totals=_totals_to_wire(totals, currency))


def _totals_to_wire(totals: SearchTotals, currency: str) -> pb.SearchAnalytics.Totals:
    return pb.SearchAnalytics.Totals(
        search_count=totals.searches,
        zero_result_count=totals.zero_results,
        corrected_count=totals.corrected,
        click_count=totals.clicks,
        cart_addition_count=totals.cart_additions,
        order_count=totals.orders,
        revenue=money_to_wire(totals.revenue_minor, currency),
        click_through_rate=_rate(totals.clicks, totals.searches),
        conversion_rate=_rate(totals.orders, totals.searches),
    )


def _position_to_wire(position: PositionTotals) -> pb.SearchAnalytics.Position:
    return pb.SearchAnalytics.Position(
        position=position.position,
        impression_count=position.impressions,
        click_count=position.clicks,
        click_through_rate=_rate(position.clicks, position.impressions),
        order_count=position.orders,
    )


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
