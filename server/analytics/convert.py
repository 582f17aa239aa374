"""Between what the analytics know and their protobuf messages."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message
from google.type.money_pb2 import Money
from sanset.v1 import analytics_pb2 as pb
from sanset.v1 import order_pb2

from server.analytics.activity.queries import ProductFunnel
from server.analytics.calendar import ShopCalendar
from server.analytics.export_tables import ExportTable
from server.analytics.facts import Sums
from server.analytics.health import SystemHealth
from server.analytics.people import Cohort, UserReport, VendorReport, months_between
from server.analytics.ranges import AskedRange, Granularity, RangeName
from server.analytics.sales import Dashboard, RevenueReport, SalesReport, TimeSpan
from server.analytics.sales_queries import Popular, SalesPart, SalesTotals
from server.analytics.top_queries import Dimension, Measure, Top
from server.db.base import AnyRow
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
        recommendations=share_to_wire(report.recommendations, whole, currency),
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
        active_user_count=report.active_users,
        previous_active_user_count=report.previous_active_users,
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
        previous_kept_unit_count=product.previous_kept_units,
        previous_revenue=money_to_wire(product.previous_revenue_minor, currency),
    )


def top_from_wire(request: pb.ListTopSalesRequest) -> tuple[Dimension, Measure]:
    """What is to be ranked, and by what."""
    wire = pb.ListTopSalesRequest
    return (
        Dimension(wire.Dimension.Name(request.dimension)) if request.dimension else Dimension.PRODUCT,
        Measure(wire.Measure.Name(request.measure)) if request.measure else Measure.REVENUE,
    )


def top_to_wire(item: Top, currency: str) -> pb.ListTopSalesResponse.Item:
    """What sold."""
    return pb.ListTopSalesResponse.Item(
        id=item.id,
        name=item.name,
        order_count=item.orders,
        unit_count=item.units,
        paid=money_to_wire(item.paid_minor, currency),
        refunded=money_to_wire(item.refunded_minor, currency),
        revenue=money_to_wire(item.paid_minor - item.refunded_minor, currency),
    )


def users_to_wire(report: UserReport, calendar: ShopCalendar) -> pb.GetUserActivityResponse:
    """Who was there."""
    return pb.GetUserActivityResponse(
        period=period_to_wire(report.span, calendar, complete=report.complete),
        previous_period=period_to_wire(report.previous_span, calendar, complete=report.complete),
        days=[
            pb.GetUserActivityResponse.Day(
                start_time=time_to_wire(day.start),
                active_user_count=day.active,
                visitor_count=day.visitors,
                new_user_count=day.new,
                buyer_count=day.buyers,
            )
            for day in report.days
        ],
        user_count=report.users,
        active_user_count=report.counts.active,
        previous_active_user_count=report.previous.active,
        new_user_count=report.counts.new,
        previous_new_user_count=report.previous.new,
        buyer_count=report.counts.buyers,
        previous_buyer_count=report.previous.buyers,
        repeat_buyer_count=report.repeat_buyers,
    )


def cohorts_to_wire(
    cohorts: Sequence[Cohort], currency: str, calendar: ShopCalendar, *, complete: bool
) -> pb.GetCohortsResponse:
    """Who came again."""
    return pb.GetCohortsResponse(
        cohorts=[_cohort_to_wire(cohort, currency, calendar) for cohort in cohorts],
        time_zone=calendar.zone.key,
        complete=complete,
    )


def _cohort_to_wire(cohort: Cohort, currency: str, calendar: ShopCalendar) -> pb.GetCohortsResponse.Cohort:
    return pb.GetCohortsResponse.Cohort(
        start_time=time_to_wire(calendar.start_of(cohort.month)),
        customer_count=cohort.customers,
        months=[
            pb.GetCohortsResponse.Month(
                number=months_between(cohort.month, each.month),
                customer_count=each.customers,
                retention=each.customers / cohort.customers,
                order_count=each.orders,
                revenue=money_to_wire(each.revenue_minor, currency),
            )
            for each in cohort.months
        ],
    )


def funnel_to_wire(views: int, cart_additions: int, checkouts: int, orders: int) -> pb.SalesFunnel:
    """Steps from looking to buying."""
    return pb.SalesFunnel(
        view_count=views,
        cart_addition_count=cart_additions,
        checkout_count=checkouts,
        order_count=orders,
        cart_rate=cart_additions / views if views else 0.0,
        conversion_rate=orders / views if views else 0.0,
    )


def product_funnel_to_wire(product: ProductFunnel, currency: str) -> pb.ListProductFunnelsResponse.Item:
    """The steps of a product."""
    return pb.ListProductFunnelsResponse.Item(
        product_id=product.product_id,
        name=product.name,
        funnel=funnel_to_wire(product.views, product.cart_additions, product.checkouts, product.orders),
        viewer_count=product.viewers,
        kept_unit_count=product.units,
        revenue=money_to_wire(product.revenue_minor, currency),
    )


def vendor_to_wire(report: VendorReport, currency: str, calendar: ShopCalendar) -> pb.GetVendorSalesResponse:
    """The sales of a vendor's products."""
    return pb.GetVendorSalesResponse(
        period=period_to_wire(report.span, calendar, complete=report.complete),
        days=[
            pb.GetVendorSalesResponse.Day(
                start_time=time_to_wire(start), totals=totals_to_wire(totals, currency)
            )
            for start, totals in report.days
        ],
        totals=totals_to_wire(report.totals, currency),
        popular_products=[_popular_to_wire(product, currency) for product in report.popular],
    )


def vendor_line_to_wire(row: AnyRow) -> pb.ListVendorOrderLinesResponse.Item:
    """A line of an order."""
    return pb.ListVendorOrderLinesResponse.Item(
        order_id=row.id,
        order_number=row.number,
        order_status=order_pb2.Order.Status.Value(row.status),
        place_time=time_to_wire(row.placed_at),
        product_id=row.product_id,
        variant_id=row.variant_id,
        sku=row.sku,
        name=row.name,
        quantity=row.quantity,
        kept_quantity=row.kept_units,
        paid=money_to_wire(row.paid_minor, row.currency),
        refunded=money_to_wire(row.refunded_minor, row.currency),
    )


def table_from_wire(value: pb.ExportAnalyticsRequest.Table.ValueType) -> ExportTable:
    """The table that is to be exported."""
    return ExportTable(pb.ExportAnalyticsRequest.Table.Name(value)) if value else ExportTable.SALES


def health_to_wire(health: SystemHealth, release: str) -> pb.SystemHealth:
    """How the system is."""
    fine = not any(check.problem for check in health.checks) and not any(
        job.last_error for job in health.jobs
    )
    return pb.SystemHealth(
        healthy=fine,
        version=release,
        checks=[
            pb.SystemHealth.Check(
                name=check.name,
                problem=pb.SystemHealth.Problem.Value(check.problem or "PROBLEM_UNSPECIFIED"),
                facts=check.facts,
            )
            for check in health.checks
        ],
        jobs=[
            pb.SystemHealth.Job(
                name=job.name,
                start_time=time_to_wire(job.last_started_at),
                end_time=time_to_wire(job.last_finished_at),
                error=job.last_error,
            )
            for job in health.jobs
        ],
    )
