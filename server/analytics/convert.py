"""Between what the analytics know and their protobuf messages."""

from __future__ import annotations

from google.protobuf.message import Message
from google.type.money_pb2 import Money
from sanset.v1 import analytics_pb2 as pb

from server.analytics.calendar import ShopCalendar
from server.analytics.facts import Sums
from server.analytics.ranges import AskedRange, Granularity, RangeName
from server.analytics.sales import Dashboard, RevenueReport, SalesReport, TimeSpan
from server.analytics.sales_queries import Popular, SalesPart, SalesTotals
from server.rpc.wire import money_to_wire, time_from_wire, time_to_wire


def range_from_wire(request: Message, name: pb.SalesPeriod.Range.ValueType) -> AskedRange:
    """The range that a request asks for, by its name or by its times."""
    return AskedRange(
        RangeName(pb.SalesPeriod.Range.Name(name)) if name else None,
        time_from_wire(request, "start_time"),
        time_from_wire(request, "end_time"),
    )


def granularity_from_wire(value: pb.GetSalesRequest.Granularity.ValueType) -> Granularity:
    """How long a point is to be."""
    return Granularity(pb.GetSalesRequest.Granularity.Name(value)) if value else Granularity.DAY


def sales_to_wire(report: SalesReport, currency: str, calendar: ShopCalendar) -> pb.GetSalesResponse:
    """What was sold, point by point."""
    return pb.GetSalesResponse(
        period=period_to_wire(report.period, calendar, complete=report.complete),
        points=[
            pb.GetSalesResponse.Point(start_time=time_to_wire(start), totals=totals_to_wire(totals, currency))
            for start, totals in report.points
        ],
        totals=totals_to_wire(report.totals, currency),
        previous_period=period_to_wire(report.previous_period, calendar, complete=report.complete),
        previous_totals=totals_to_wire(report.previous, currency),
    )


def revenue_to_wire(report: RevenueReport, currency: str, calendar: ShopCalendar) -> pb.GetRevenueResponse:
    """What a revenue is made of."""
    whole = report.sums.paid_minor - report.sums.refunded_minor
    return pb.GetRevenueResponse(
        period=period_to_wire(report.period, calendar, complete=report.complete),
        revenue=_split_to_wire(report.sums, currency),
        previous_period=period_to_wire(report.previous_period, calendar, complete=report.complete),
        previous_revenue=_split_to_wire(report.previous, currency),
        coupons=share_to_wire(report.coupons, whole, currency),
    )


def dashboard_to_wire(report: Dashboard, currency: str, calendar: ShopCalendar) -> pb.GetDashboardResponse:
    """How the shop does."""
    return pb.GetDashboardResponse(
        period=period_to_wire(report.period, calendar, complete=report.complete),
        previous_period=period_to_wire(report.previous_period, calendar, complete=report.complete),
        sales=totals_to_wire(report.sales, currency),
        previous_sales=totals_to_wire(report.previous_sales, currency),
        buyer_count=report.buyers,
        previous_buyer_count=report.previous_buyers,
        new_user_count=report.new_users,
        previous_new_user_count=report.previous_new_users,
        user_count=report.users,
        pending_order_count=report.pending_orders,
        low_stock_count=report.low_stock,
        popular_products=[_popular_to_wire(product, currency) for product in report.popular],
    )


def period_to_wire(period: TimeSpan, calendar: ShopCalendar, *, complete: bool) -> pb.SalesPeriod:
    """A time."""
    return pb.SalesPeriod(
        start_time=time_to_wire(period.start),
        end_time=time_to_wire(period.end),
        time_zone=calendar.zone.key,
        complete=complete,
    )


def totals_to_wire(totals: SalesTotals, currency: str) -> pb.SalesTotals:
    """What was sold."""
    return pb.SalesTotals(
        order_count=totals.orders,
        unit_count=totals.units,
        kept_unit_count=totals.kept_units,
        paid=money_to_wire(totals.paid_minor, currency),
        refunded=money_to_wire(totals.refunded_minor, currency),
        revenue=money_to_wire(totals.paid_minor - totals.refunded_minor, currency),
    )


def share_to_wire(part: SalesPart, whole_minor: int, currency: str) -> pb.SalesShare:
    """What a part of the orders brought."""
    return pb.SalesShare(
        order_count=part.orders,
        revenue=money_to_wire(part.revenue_minor, currency),
        revenue_share=part.revenue_minor / whole_minor if whole_minor else 0.0,
    )


def _split_to_wire(sums: Sums, currency: str) -> pb.RevenueSplit:
    def money(minor: int) -> Money:
        return money_to_wire(minor, currency)

    return pb.RevenueSplit(
        list_price=money(sums.list_minor),
        product_discount=money(sums.product_discount_minor),
        tier_discount=money(sums.tier_discount_minor),
        coupon_discount=money(sums.coupon_discount_minor),
        points_discount=money(sums.points_discount_minor),
        tax=money(sums.tax_minor),
        shipping=money(sums.shipping_minor),
        paid=money(sums.paid_minor),
        refunded=money(sums.refunded_minor),
        refunded_tax=money(sums.refunded_tax_minor),
        refunded_shipping=money(sums.refunded_shipping_minor),
        revenue=money(sums.paid_minor - sums.refunded_minor),
    )


def _popular_to_wire(product: Popular, currency: str) -> pb.PopularProduct:
    return pb.PopularProduct(
        product_id=product.product_id,
        name=product.name,
        kept_unit_count=product.kept_units,
        revenue=money_to_wire(product.revenue_minor, currency),
    )
