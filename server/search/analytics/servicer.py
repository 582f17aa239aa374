"""The call of SearchService about what people search for."""

from __future__ import annotations

from datetime import date
from functools import partial

from sanset.v1 import search_admin_pb2 as pb

from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.rpc.call import Call
from server.search.analytics import report
from server.search.analytics.convert import query_to_wire, report_to_wire
from server.search.analytics.report import Period, QueryTotals


class AnalyticsCalls:
    """Translates calls about searches."""

    def __init__(self, db: Database, pages: Pages, clock: Clock, currency: str) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._currency = currency

    def get(self, request: pb.GetSearchAnalyticsRequest, call: Call) -> pb.GetSearchAnalyticsResponse:
        """GetSearchAnalytics."""
        zero_results = request.queries == pb.GetSearchAnalyticsRequest.ZERO_RESULTS
        size = self._pages.size(request.page_size)
        scope = ("GetSearchAnalytics", request.days, zero_results)
        after = self._pages.open(request.page_token, *scope)
        # The pages of one list are of the same days, also when one of them is fetched after midnight.
        last = date.fromisoformat(after[0]) if after else self._clock().date()
        period = Period.until(last, request.days)
        with self._db.read() as connection:
            rows = report.query_page(
                connection,
                period,
                (after[1], after[2]) if after else None,
                size + 1,
                zero_results=zero_results,
            )
            whole = report.report(connection, period)

        def keys(query: QueryTotals) -> list[object]:
            count = query.zero_results if zero_results else query.searches
            return [last.isoformat(), count, query.query]

        to_wire = partial(query_to_wire, currency=self._currency)
        items, token = self._pages.page(rows, size, to_wire, keys, *scope)
        return pb.GetSearchAnalyticsResponse(
            items=items, next_page_token=token, analytics=report_to_wire(whole, self._currency)
        )
