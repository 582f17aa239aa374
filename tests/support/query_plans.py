"""How a database runs the statements of a test."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, event


class Explained:
    """Collects the plans of the statements that run on a connection meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._plans: list[Any] = []

    def __enter__(self) -> list[Any]:
        event.listen(self._connection.engine, "before_cursor_execute", self._explain)
        return self._plans

    def __exit__(self, *_: object) -> None:
        event.remove(self._connection.engine, "before_cursor_execute", self._explain)

    def _explain(self, _c: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        driver = self._connection.connection.cursor()
        if self._connection.dialect.name == "sqlite":
            driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            self._plans.append([(row[0], row[1], row[3]) for row in driver.fetchall()])
        else:
            driver.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            found = driver.fetchone()[0]
            plan = json.loads(found) if isinstance(found, str) else found
            self._plans.append(plan[0]["Plan"])
        driver.close()


def nodes(plan: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The parts of a plan of PostgreSQL's that are of a kind."""
    below = [node for part in plan.get("Plans", ()) for node in nodes(part, kind)]
    return [plan, *below] if kind in plan["Node Type"] else below
