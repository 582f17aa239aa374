"""Tells those who run the shop what it sold, to whom, and how it does.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import timestamp_pb2
from sanset.v1 import analytics_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Unary, prepare

GetSalesRequestGranularityName = Literal["GRANULARITY_UNSPECIFIED", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"]
SalesPeriodRangeName = Literal["RANGE_UNSPECIFIED", "TODAY", "YESTERDAY", "LAST_7_DAYS", "LAST_30_DAYS", "LAST_90_DAYS", "LAST_365_DAYS", "THIS_MONTH", "LAST_MONTH", "THIS_YEAR", "LAST_YEAR"]


def get_dashboard(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets how the shop does: sales, customers, what waits, and what sells, beside the days before."""
    return prepare(
        analytics_pb2.GetDashboardRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
    )


def get_sales(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    granularity: analytics_pb2.GetSalesRequest.Granularity.ValueType | GetSalesRequestGranularityName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the sales of a range by hour, day, week, month or year, and in all, beside those of the time before.

    Every point of the range is there, those without sales too. Returns INVALID_ARGUMENT (TOO_MANY_POINTS) when there
    would be more than 1,000: take a coarser granularity, which the message names.
    """
    return prepare(
        analytics_pb2.GetSalesRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
        granularity=granularity,
    )


def get_revenue(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets what the revenue of a range is made of: goods at list prices, discounts by kind, tax, shipping and refunds."""
    return prepare(
        analytics_pb2.GetRevenueRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
    )


class AnalyticsMethods:
    """Tells those who run the shop what it sold, to whom, and how it does."""

    get_dashboard = Unary("GetDashboard", get_dashboard, analytics_pb2.GetDashboardResponse)
    get_sales = Unary("GetSales", get_sales, analytics_pb2.GetSalesResponse)
    get_revenue = Unary("GetRevenue", get_revenue, analytics_pb2.GetRevenueResponse)
