"""Ids as one parameter of a prepared statement, however many they are."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Select, Text, bindparam, func, select


def ids_named(name: str, dialect: str) -> Select[Any]:
    """What a column is to be `in_`: the ids in the parameter `name`, whose value `ids_value` makes."""
    if dialect == "postgresql":
        return select(func.unnest(bindparam(name, type_=ARRAY(BigInteger))))
    return select(func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value)


def ids_value(connection: Connection, ids: Collection[int]) -> object:
    """The value of the parameter for these ids."""
    return list(ids) if connection.dialect.name == "postgresql" else json.dumps(list(ids))
