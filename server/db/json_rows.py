"""Rows of another table as one value beside a row: a JSON list of lists, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseList
from sqlalchemy.sql.functions import FunctionElement


class json_rows(FunctionElement[list[list[Any]]]):  # noqa: N801 - named as SQL's functions are
    """Its arguments for each row, in no order; an empty list where there is none. Times come as text."""

    type = JSON()
    inherit_cache = True


@compiles(json_rows, "postgresql")
def _postgresql(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **options)})), '[]')"


@compiles(json_rows, "sqlite")
def _sqlite(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite keeps JSON as text, and would quote it.
    parts = [func.json(part) if isinstance(part.type, JSON) else part for part in element.clauses]
    return f"json_group_array(json_array({compiler.process(ClauseList(*parts), **options)}))"
