"""AnalyticsService over gRPC: what the shop sold, to whom, and how it does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from google.api.httpbody_pb2 import HttpBody
from sanset.v1 import analytics_pb2 as pb
from sanset.v1 import analytics_pb2_grpc

from server.analytics import convert, people, sales, top_queries
from server.analytics.activity import queries as activity_queries
from server.analytics.calendar import ShopCalendar
from server.analytics.export_tables import table_source
from server.analytics.health import system_health
from server.analytics.ranges import Days, checked_moment
from server.analytics.remembered import RememberedSales
from server.analytics.sales import Question, TimeSpan
from server.analytics.top_queries import Top
from server.analytics.vendor_lines import keys_of, vendor_lines
from server.clock import Clock
from server.db.database import Database
from server.exports.calls import ExportCalls
from server.paging import Pages
from server.rpc.call import Call
from server.rpc.wire import time_from_wire

RELEASE: Final = version("sanset")

PageRequest = pb.ListTopSalesRequest | pb.ListProductFunnelsRequest
RangeRequest = (
    pb.GetDashboardRequest
    | pb.GetSalesRequest
    | pb.GetRevenueRequest
    | pb.GetUserActivityRequest
    | pb.GetVendorSalesRequest
    | pb.ExportAnalyticsRequest
    | PageRequest
)


class AnalyticsServicer(analytics_pb2_grpc.AnalyticsServiceServicer):
    """Answers from the roll-ups. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        exports: ExportCalls,
        *,
        time_zone: str,
        currency: str,
        low_stock_below: int,
        data_dir: Path,
        event_lag: Callable[[], float],
    ) -> None:
        """`currency` is that of who names none; stock is low where fewer units can be ordered."""
        self._db = db
        self._pages = pages
        self._clock = clock
        self._exports = exports
        self._data_dir = data_dir
        self._event_lag = event_lag
        self._calendar = ShopCalendar.of(time_zone)
        self._currency = currency
        self._low_stock_below = low_stock_below
        self._remembered = RememberedSales()

    def GetDashboard(self, request: pb.GetDashboardRequest, call: Call) -> pb.GetDashboardResponse:
        """A dozen questions to the roll-ups."""
        question = self._question(request)
        with self._db.read() as connection:
            report = sales.dashboard(connection, question, self._remembered, self._low_stock_below)
        return convert.dashboard_to_wire(report, question.currency, self._calendar)

    def GetSales(self, request: pb.GetSalesRequest, call: Call) -> pb.GetSalesResponse:
        """A row for each day or hour, folded here into weeks, months or years."""
        question, granularity = self._question(request), convert.granularity_from_wire(request.granularity)
        with self._db.read() as connection:
            report = sales.sales(connection, question, granularity)
        return convert.sales_to_wire(report, question.currency, self._calendar)

    def GetRevenue(self, request: pb.GetRevenueRequest, call: Call) -> pb.GetRevenueResponse:
        """The sums of two ranges."""
        question = self._question(request)
        with self._db.read() as connection:
            report = sales.revenue(connection, question)
        return convert.revenue_to_wire(report, question.currency, self._calendar)

    def ListTopSales(self, request: pb.ListTopSalesRequest, call: Call) -> pb.ListTopSalesResponse:
        """The sums of a range by what sold, and the names."""
        question, size = self._question(request), self._pages.size(request.page_size)
        dimension, measure = convert.top_from_wire(request)
        scope = ("ListTopSales", dimension, measure, question.asked, question.currency)
        after, days = self._page(request, question.days, *scope)
        with self._db.read() as connection:
            rows = top_queries.top(connection, dimension, measure, days, question.currency, after, size + 1)
            complete = sales.is_complete(connection)

        def keys(row: Top) -> list[object]:
            return [*_ends(days), row.measured(measure), row.id or row.name]

        items, token = self._pages.page(
            rows, size, lambda row: convert.top_to_wire(row, question.currency), keys, *scope
        )
        return pb.ListTopSalesResponse(
            items=items, next_page_token=token, period=self._period(question, days, complete=complete)
        )

    def GetUserActivity(self, request: pb.GetUserActivityRequest, call: Call) -> pb.GetUserActivityResponse:
        """A dozen questions."""
        question = self._question(request)
        with self._db.read() as connection:
            report = people.users(connection, question, self._remembered)
        return convert.users_to_wire(report, self._calendar)

    def GetCohorts(self, request: pb.GetCohortsRequest, call: Call) -> pb.GetCohortsResponse:
        """A row for each cohort and month."""
        currency = request.currency_code or self._currency
        now = self._clock()
        end = checked_moment("end_time", time_from_wire(request, "end_time") or now, now)
        last = self._calendar.day_of(end)
        with self._db.read() as connection:
            cohorts = people.cohorts(connection, last, currency, request.months)
            complete = sales.is_complete(connection)
        return convert.cohorts_to_wire(cohorts, currency, self._calendar, complete=complete)

    def ListProductFunnels(
        self, request: pb.ListProductFunnelsRequest, call: Call
    ) -> pb.ListProductFunnelsResponse:
        """A page of products, and the shop as a whole."""
        question, size = self._question(request), self._pages.size(request.page_size)
        scope = ("ListProductFunnels", question.asked, question.currency)
        after, days = self._page(request, question.days, *scope)
        with self._db.read() as connection:
            rows = activity_queries.product_funnels(connection, days, question.currency, after, size + 1)
            whole = activity_queries.funnel(connection, days)
            complete = sales.is_complete(connection)
        items, token = self._pages.page(
            rows,
            size,
            lambda row: convert.product_funnel_to_wire(row, question.currency),
            lambda row: [*_ends(days), row.views, row.product_id],
            *scope,
        )
        return pb.ListProductFunnelsResponse(
            items=items,
            next_page_token=token,
            period=self._period(question, days, complete=complete),
            funnel=convert.funnel_to_wire(*whole),
        )

    def GetVendorSales(self, request: pb.GetVendorSalesRequest, call: Call) -> pb.GetVendorSalesResponse:
        """Of the caller's own products, whoever calls."""
        question = self._question(request)
        with self._db.read() as connection:
            report = people.vendor(connection, question, call.identity.user_id)
        return convert.vendor_to_wire(report, question.currency, self._calendar)

    def ListVendorOrderLines(
        self, request: pb.ListVendorOrderLinesRequest, call: Call
    ) -> pb.ListVendorOrderLinesResponse:
        """Of the caller's own products, whoever calls."""
        vendor_id, size = call.identity.user_id, self._pages.size(request.page_size)
        asked = convert.range_from_wire(request, request.range)
        scope = ("ListVendorOrderLines", vendor_id, asked)
        days = asked.days(self._calendar, self._clock())
        keys = self._pages.open(request.page_token, *scope)
        if keys is not None:
            first, last, *after = keys
            days = Days(date.fromisoformat(first), date.fromisoformat(last))
        with self._db.read() as connection:
            rows = vendor_lines(
                connection,
                vendor_id,
                TimeSpan.of_days(days, self._calendar),
                None if keys is None else (after[0], after[1], after[2]),
                size + 1,
            )
        items, token = self._pages.page(
            rows, size, convert.vendor_line_to_wire, lambda row: [*_ends(days), *keys_of(row)], *scope
        )
        return pb.ListVendorOrderLinesResponse(items=items, next_page_token=token)

    def _question(self, request: RangeRequest) -> Question:
        asked = convert.range_from_wire(request, request.range)
        return Question(asked, request.currency_code or self._currency, self._calendar, self._clock())

    def ExportAnalytics(self, request: pb.ExportAnalyticsRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """Sent as every export is."""
        source = table_source(convert.table_from_wire(request.table), self._question(request))
        as_workbook = request.format == pb.ExportAnalyticsRequest.XLSX
        return self._exports.send(source, call, as_workbook=as_workbook)

    def GetSystemHealth(self, request: pb.GetSystemHealthRequest, call: Call) -> pb.SystemHealth:
        """A question to each room."""
        with self._db.read() as connection:
            health = system_health(
                connection, self._clock(), data_dir=self._data_dir, event_lag=self._event_lag
            )
        return convert.health_to_wire(health, RELEASE)

    def _page(self, request: PageRequest, days: Days, *scope: object) -> tuple[tuple[int, Any] | None, Days]:
        """Where a page begins, and the days of its list: those of the first page, also after midnight."""
        keys = self._pages.open(request.page_token, *scope)
        if keys is None:
            return None, days
        first, last, *after = keys
        return (after[0], after[1]), Days(date.fromisoformat(first), date.fromisoformat(last))

    def _period(self, question: Question, days: Days, *, complete: bool) -> pb.SalesPeriod:
        return convert.period_to_wire(question.period(days), self._calendar, complete=complete)


def _ends(days: Days) -> list[str]:
    return [days.first.isoformat(), days.last.isoformat()]
