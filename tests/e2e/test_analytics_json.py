"""The analytics as JSON: the calls of docs/calling.md, and questions that cannot be answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.real_stack import Stack

PAGE = (Path(__file__).parents[2] / "docs/calling.md").read_text("utf-8")
DOCUMENTED = re.findall(
    r"'localhost:8000/api/v1/((?:admin|vendor)/[^']+)'", PAGE.partition("## The shop's numbers")[2]
)

RANGES = "TODAY, YESTERDAY, LAST_7_DAYS, LAST_30_DAYS"


@pytest.mark.parametrize(
    ("path", "query", "reason", "field", "text"),
    [
        ("sales", "granularity=FORTNIGHT", "INVALID_FIELD", "granularity", "HOUR, DAY, WEEK, MONTH"),
        ("sales", "range=LAST_CENTURY", "INVALID_FIELD", "range", RANGES),
        ("sales", "time_zone=Mars/Olympus", "INVALID_FIELD", "time_zone", "there is no such field"),
        ("sales", "currency_code=usd", "INVALID_FIELD", "currency_code", "USD"),
        ("sales", "start_time=yesterday", "INVALID_FIELD", "start_time", "2"),
        (
            *("sales", "start_time=2026-03-01T00:00:00Z&end_time=2026-02-01T00:00:00Z"),
            *("INVALID_FIELD", "start_time", "must be before end_time"),
        ),
        (
            *("sales", "start_time=2010-01-01T00:00:00Z&end_time=2026-01-01T00:00:00Z"),
            *("RANGE_TOO_LONG", "start_time", "3660 are the most"),
        ),
        (
            *("sales", "start_time=0900-01-01T00:00:00Z&end_time=0901-01-01T00:00:00Z"),
            *("INVALID_FIELD", "start_time", "must lie between 1900-01-01 and "),
        ),
        (
            *("sales", "start_time=2020-01-01T00:00:00Z&end_time=2026-01-01T00:00:00Z"),
            *("TOO_MANY_POINTS", "granularity", "WEEK, MONTH, YEAR"),
        ),
        (
            *("sales", "range=LAST_90_DAYS&granularity=HOUR"),
            *("TOO_MANY_POINTS", "granularity", "DAY, WEEK, MONTH, YEAR"),
        ),
        ("analytics/top", "dimension=COLOR", "INVALID_FIELD", "dimension", "PRODUCT, CATEGORY, BRAND, USER"),
        ("analytics/top", "measure=LOVE", "INVALID_FIELD", "measure", "REVENUE, UNITS"),
        ("user-analytics/cohort", "months=61", "INVALID_FIELD", "months", "60"),
        ("export/analytics", "table=EVERYTHING", "INVALID_FIELD", "table", "SALES, PRODUCTS"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_can(
    stack: Stack, path: str, query: str, reason: str, field: str, text: str
) -> None:
    reply = stack.admin.http.get(f"admin/{path}?{query}")
    body: dict[str, Any] = reply.json()
    assert (reply.status_code, body["status"]) == (400, "INVALID_ARGUMENT")
    details = {detail["@type"].rpartition(".")[2]: detail for detail in body["details"]}
    assert details["ErrorInfo"]["reason"] == reason
    (violation,) = details["BadRequest"]["field_violations"]
    assert violation["field"] == field
    assert text in violation["description"]


@pytest.mark.parametrize("path", DOCUMENTED)
def test_what_the_page_calls_is_answered(stack: Stack, path: str) -> None:
    reply = stack.admin.http.get(path)
    assert reply.status_code == 200, reply.text
    if "export" in path:
        assert reply.text.startswith("\ufeffid,name,orders,units,")


def test_the_page_has_calls() -> None:
    assert len(DOCUMENTED) == 9


def test_a_range_may_be_named_in_any_case(stack: Stack) -> None:
    reply = stack.admin.http.get("admin/sales?range=last_30_days&granularity=week")
    assert reply.status_code == 200, reply.text
    assert len(reply.json()["points"]) in (5, 6)
