"""Exports through Envoy: what a browser gets is one file."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from support.real_stack import ORIGIN, Stack

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_a_browser_gets_one_csv_file(stack: Stack) -> None:
    order = stack.order(stack.customer())
    reply = stack.admin.http.get("admin/export/orders", headers={"origin": ORIGIN})
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"].startswith('attachment; filename="orders-')
    assert "content-disposition" in reply.headers["access-control-expose-headers"]
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"), newline="")))
    assert order["number"] in [row["order"] for row in rows]


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("what", ["orders", "products"])
def test_a_browser_gets_one_workbook(stack: Stack, verb: str, what: str) -> None:
    stack.order(stack.customer())
    asked = {"params" if verb == "GET" else "json": {"format": "XLSX"}}
    reply = stack.admin.http.request(verb, f"admin/export/{what}", **asked)  # type: ignore[arg-type]
    assert (reply.status_code, reply.headers["content-type"]) == (200, XLSX)
    assert reply.headers["content-disposition"].endswith('.xlsx"')
    book = openpyxl.load_workbook(io.BytesIO(reply.content))
    assert book.sheetnames == [what.capitalize()]
    assert book.worksheets[0].max_row > 1


def test_a_time_bounds_the_export_and_a_refusal_is_json(stack: Stack) -> None:
    stack.order(stack.customer())
    path = "admin/export/orders"
    empty = stack.admin.http.get(path, params={"end_time": "2001-01-01T00:00:00Z"})
    assert empty.text.count("\n") == 1
    wrong = stack.admin.http.get(
        path, params={"start_time": "2002-01-01T00:00:00Z", "end_time": "2001-01-01T00:00:00Z"}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (400, 3)
    assert "content-disposition" not in wrong.headers
    denied = stack.customer(address=False).http.get(path)
    assert (denied.status_code, denied.json()["details"][0]["reason"]) == (403, "PERMISSION_MISSING")
