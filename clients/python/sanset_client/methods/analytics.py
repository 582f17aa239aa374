"""Tells those who run the shop what it sold, to whom, and how it does.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.api import httpbody_pb2
from google.protobuf import timestamp_pb2
from sanset.v1 import analytics_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare

ExportAnalyticsRequestFormatName = Literal["FORMAT_UNSPECIFIED", "CSV", "XLSX"]
ExportAnalyticsRequestTableName = Literal["TABLE_UNSPECIFIED", "SALES", "PRODUCTS", "CATEGORIES", "BRANDS", "USERS", "COUNTRIES", "COUPONS", "COHORTS", "FUNNELS", "USER_DAYS"]
GetSalesRequestGranularityName = Literal["GRANULARITY_UNSPECIFIED", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"]
ListTopSalesRequestDimensionName = Literal["DIMENSION_UNSPECIFIED", "PRODUCT", "CATEGORY", "BRAND", "USER", "COUNTRY", "COUPON"]
ListTopSalesRequestMeasureName = Literal["MEASURE_UNSPECIFIED", "REVENUE", "UNITS", "ORDERS"]
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


def list_top_sales(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    dimension: analytics_pb2.ListTopSalesRequest.Dimension.ValueType | ListTopSalesRequestDimensionName | None = None,
    measure: analytics_pb2.ListTopSalesRequest.Measure.ValueType | ListTopSalesRequestMeasureName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what sold most in a range: products, categories, brands, customers, countries or coupons.

    A product counts for the category and the brand that it has now. What has no category or no brand is left out, as
    are guests of the customers.
    """
    return prepare(
        analytics_pb2.ListTopSalesRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
        page_size=page_size,
        page_token=page_token,
        dimension=dimension,
        measure=measure,
    )


def get_user_activity(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets how many customers there are, how many are active and how many are new, in all and by days.

    Active is who was signed in and did something that was reported (TrackEvent), or ordered.
    """
    return prepare(
        analytics_pb2.GetUserActivityRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
    )


def get_cohorts(
    *,
    months: int | None = None,
    currency_code: str | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the cohorts of customers by the month of their first order, and how many of each bought in the months after."""
    return prepare(
        analytics_pb2.GetCohortsRequest,
        timeout,
        metadata,
        months=months,
        currency_code=currency_code,
        end_time=end_time,
    )


def list_product_funnels(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists how many of those who look at a product put it into their cart, begin a checkout and order it, page by page,
    the products that are looked at most first; and the same in all.
    """
    return prepare(
        analytics_pb2.ListProductFunnelsRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
        page_size=page_size,
        page_token=page_token,
    )


def get_vendor_sales(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the sales of the caller's own products by day, and those that sold most; an admin's are those they own.

    Amounts are of the products' lines, with their tax and shipping. What was paid back without naming units is no
    line's.
    """
    return prepare(
        analytics_pb2.GetVendorSalesRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
    )


def list_vendor_order_lines(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the lines of orders that have the caller's own products, the newest order first; an admin's are those they own.

    Orders that wait for their payment are not among them. Nothing is said of who bought.
    """
    return prepare(
        analytics_pb2.ListVendorOrderLinesRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        page_size=page_size,
        page_token=page_token,
    )


def export_analytics(
    *,
    range: analytics_pb2.SalesPeriod.Range.ValueType | SalesPeriodRangeName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    currency_code: str | None = None,
    table: analytics_pb2.ExportAnalyticsRequest.Table.ValueType | ExportAnalyticsRequestTableName | None = None,
    format: analytics_pb2.ExportAnalyticsRequest.Format.ValueType | ExportAnalyticsRequestFormatName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams a table of the analytics as a file: sales by day, what sold most, funnels, users by day, or cohorts.

    The pieces are to be joined. Money is in units: 12.99. Over HTTP a file that is cut off ends the connection.
    """
    return prepare(
        analytics_pb2.ExportAnalyticsRequest,
        timeout,
        metadata,
        range=range,
        start_time=start_time,
        end_time=end_time,
        currency_code=currency_code,
        table=table,
        format=format,
    )


def get_system_health(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets how the system is: database, disk, events, mails, webhooks, models, payments, and the scheduled work.

    What is said of the events is this server's; all else is of the whole shop, its disk that of this server.
    """
    return prepare(
        analytics_pb2.GetSystemHealthRequest,
        timeout,
        metadata,
    )


class AnalyticsMethods:
    """Tells those who run the shop what it sold, to whom, and how it does."""

    get_dashboard = Unary("GetDashboard", get_dashboard, analytics_pb2.GetDashboardResponse)
    get_sales = Unary("GetSales", get_sales, analytics_pb2.GetSalesResponse)
    get_revenue = Unary("GetRevenue", get_revenue, analytics_pb2.GetRevenueResponse)
    list_top_sales = Unary("ListTopSales", list_top_sales, analytics_pb2.ListTopSalesResponse)
    iter_top_sales = Items("ListTopSales", list_top_sales.request, analytics_pb2.ListTopSalesResponse.Item)
    get_user_activity = Unary("GetUserActivity", get_user_activity, analytics_pb2.GetUserActivityResponse)
    get_cohorts = Unary("GetCohorts", get_cohorts, analytics_pb2.GetCohortsResponse)
    list_product_funnels = Unary("ListProductFunnels", list_product_funnels, analytics_pb2.ListProductFunnelsResponse)
    iter_product_funnels = Items("ListProductFunnels", list_product_funnels.request, analytics_pb2.ListProductFunnelsResponse.Item)
    get_vendor_sales = Unary("GetVendorSales", get_vendor_sales, analytics_pb2.GetVendorSalesResponse)
    list_vendor_order_lines = Unary("ListVendorOrderLines", list_vendor_order_lines, analytics_pb2.ListVendorOrderLinesResponse)
    iter_vendor_order_lines = Items("ListVendorOrderLines", list_vendor_order_lines.request, analytics_pb2.ListVendorOrderLinesResponse.Item)
    export_analytics = Stream("ExportAnalytics", export_analytics, httpbody_pb2.HttpBody)
    get_system_health = Unary("GetSystemHealth", get_system_health, analytics_pb2.SystemHealth)
