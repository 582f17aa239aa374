"""AnalyticsService over gRPC: what the shop sold, to whom, and how it does."""

from __future__ import annotations

from sanset.v1 import analytics_pb2 as pb
from sanset.v1 import analytics_pb2_grpc

from server.analytics import convert, sales
from server.analytics.calendar import ShopCalendar
from server.analytics.sales import Question
from server.clock import Clock
from server.db.database import Database
from server.rpc.call import Call

RangeRequest = pb.GetDashboardRequest | pb.GetSalesRequest | pb.GetRevenueRequest


class AnalyticsServicer(analytics_pb2_grpc.AnalyticsServiceServicer):
    """Answers from the roll-ups. What an RPC promises is in the proto."""

    def __init__(
        self, db: Database, clock: Clock, *, time_zone: str, currency: str, low_stock_below: int
    ) -> None:
        """`currency` is that of who names none; stock is low where fewer units can be ordered."""
        self._db = db
        self._clock = clock
        self._calendar = ShopCalendar.of(time_zone)
        self._currency = currency
        self._low_stock_below = low_stock_below

    def GetDashboard(self, request: pb.GetDashboardRequest, call: Call) -> pb.GetDashboardResponse:
        """A dozen questions to the roll-ups."""
        question = self._question(request)
        with self._db.read() as connection:
            report = sales.dashboard(connection, question, self._low_stock_below)
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

    def _question(self, request: RangeRequest) -> Question:
        asked = convert.range_from_wire(request, request.range)
        return Question(asked, request.currency_code or self._currency, self._calendar, self._clock())
