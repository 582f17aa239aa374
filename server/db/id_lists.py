"""Ids and texts as one parameter of a statement, however many they are."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute


def ids_named(name: str, dialect: str) -> Select[Any]:
    """What a column is to be `in_`: the ids in the parameter `name`, whose value `ids_value` makes."""
    if dialect == "postgresql":
        return select(func.unnest(bindparam(name, type_=ARRAY(BigInteger))))
    return select(func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value)


def ids_value(connection: Connection, ids: Collection[int]) -> object:
    """The value of the parameter for these ids."""
    return list(ids) if connection.dialect.name == "postgresql" else json.dumps(list(ids))


def is_among(
    column: InstrumentedAttribute[str], texts: Collection[str], connection: Connection
) -> ColumnElement[bool]:
    """Whether a column is one of these texts: `in_` of many is compiled anew for each number of them."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(texts), type_=ARRAY(Text), unique=True))
    values = bindparam(None, json.dumps(list(texts)), type_=Text, unique=True)
    return column.in_(select(func.json_each(values).table_valued("value").c.value))
