"""The tables of states: what the contract names, and what the docs draw."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sanset.v1 import order_pb2, payment_pb2
from sanset.v1.refund_pb2 import Refund, Return

from server.order.status import LEGAL, RETURNS
from server.payment.status import DISPUTES, PAYMENTS, REFUNDS

DOCS = Path(__file__).parents[3] / "docs" / "orders.md"
TABLES = {
    "order": (LEGAL, order_pb2.Order.Status),
    "payment": (PAYMENTS, payment_pb2.Payment.Status),
    "refund": (REFUNDS, Refund.Status),
    "return": (RETURNS, Return.Status),
    "dispute": (DISPUTES, payment_pb2.Dispute.Status),
}
Table = Mapping[str, frozenset[str]]


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_knows_every_state_of_the_contract(kind: str) -> None:
    table, enum = TABLES[kind]
    names: Any = enum.keys()
    assert set(table) == set(names) - {"STATUS_UNSPECIFIED"}


@pytest.mark.parametrize("kind", TABLES)
def test_every_state_is_reached_from_the_first(kind: str) -> None:
    table, _ = TABLES[kind]
    first, *_ = table
    seen, waiting = {first}, [first]
    while waiting:
        new = table[waiting.pop()] - seen
        seen |= new
        waiting += new
    assert seen == set(table)


def test_the_docs_draw_every_step_and_no_other() -> None:
    drawings = re.findall(r"```mermaid\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(drawings) == len(TABLES)
    for drawing, (table, _) in zip(drawings, TABLES.values(), strict=True):
        drawn = set(re.findall(r"(\w+) --> (\w+)", drawing))
        assert drawn == {(before, after) for before, afters in table.items() for after in afters}
