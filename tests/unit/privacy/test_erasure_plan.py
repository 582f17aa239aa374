"""Of every personal column it is said how it is erased: whoever adds one must say so."""

from __future__ import annotations

import pytest

from server.db.schema import metadata
from server.exports.personal_columns import COLUMNS, PERSONAL, SECRET
from server.privacy.how import TableErasure
from server.privacy.plan import ACCOUNT, NOT_PLANNED, PLAN

PERSONAL_COLUMNS = {
    table: {name.rstrip(PERSONAL + SECRET) for name in columns.split() if name[-1] in PERSONAL + SECRET}
    for table, columns in COLUMNS.items()
}


@pytest.mark.parametrize("how", PLAN, ids=lambda how: f"{how.table.name}-{how.owner.key}")
def test_each_personal_column_of_a_table_is_erased_or_it_is_said_why_not(how: TableErasure) -> None:
    assert PERSONAL_COLUMNS[how.table.name] - how.erases == set(), "say how in server/privacy/plan.py"


def test_each_table_with_personal_columns_is_in_the_plan_or_it_is_said_why_not() -> None:
    personal = {table for table, columns in PERSONAL_COLUMNS.items() if columns}
    planned = {how.table.name for how in PLAN}
    assert personal - planned == NOT_PLANNED.keys(), "say how in server/privacy/plan.py"


def test_the_plan_names_columns_that_there_are() -> None:
    for how in PLAN:
        assert how.erases <= set(metadata.tables[how.table.name].c.keys())


def test_an_account_keeps_nothing_that_is_personal() -> None:
    assert PERSONAL_COLUMNS["users"] <= ACCOUNT.keys()
