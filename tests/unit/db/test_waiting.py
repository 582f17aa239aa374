"""Which writes can wait for the next statement, as their text tells."""

from __future__ import annotations

import pytest

from server.db.waiting import Reach, joined_sql, reach_of


@pytest.mark.parametrize(
    ("sql", "reach"),
    [
        ("INSERT INTO a (x, at) VALUES (%(x)s::INT, clock_timestamp()) RETURNING a.id", Reach("a", True)),
        ("INSERT INTO a (x) VALUES (%(x)s) ON CONFLICT (x) DO UPDATE SET y = a.y", Reach("a", True)),
        ("UPDATE a SET x=(a.x + 1) WHERE a.id = %(id)s::BIGINT AND a.y IN (1, 2)", Reach("a", False)),
        ("INSERT INTO a (x) SELECT b.x FROM b", None),
        ("INSERT INTO a (x) VALUES ((SELECT max(b.x) FROM b))", None),
        ("INSERT INTO a (x) VALUES ((select 1))", None),
        ("INSERT INTO a (x) TABLE b", None),
        ("UPDATE a SET x=b.x FROM b WHERE b.id = a.id", None),
        ("UPDATE a SET x=1 WHERE EXISTS (SELECT 1)", None),
        ("WITH b AS (UPDATE c SET x=1) INSERT INTO a (x) VALUES (1)", None),
        ("DELETE FROM a", None),
        ("SELECT a.x \nFROM a", None),
        ("TRUNCATE a", None),
    ],
)
def test_a_write_that_touches_one_table_says_which(sql: str, reach: Reach | None) -> None:
    assert reach_of(sql) == reach


def test_the_parameters_of_joined_statements_keep_apart() -> None:
    joined = joined_sql(
        (
            "UPDATE a SET x=%(x)s WHERE a.y LIKE '%%(x)'",
            "UPDATE b SET x=%(x)s",
            "INSERT INTO c VALUES (%(x)s)",
        )
    )
    assert joined == (
        "WITH w0 AS (UPDATE a SET x=%(w0_x)s WHERE a.y LIKE '%%(x)'), w1 AS (UPDATE b SET x=%(w1_x)s) "
        "INSERT INTO c VALUES (%(x)s)"
    )
