"""What is taken from SQLAlchemy that it does not promise to keep."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from sqlalchemy import Connection

from server.db import driver

PROMISED = "pyproject.toml says sqlalchemy<2.2: look at server/db/driver.py before that is raised. "


def test_the_one_private_name_of_sqlalchemy_is_as_it_was() -> None:
    method = getattr(Connection, "_handle_dbapi_exception", None)
    assert method is not None, PROMISED + "Connection._handle_dbapi_exception is gone"
    names = list(inspect.signature(method).parameters)
    expected = ["self", "e", "statement", "parameters", "cursor", "context"]
    assert names[: len(expected)] == expected, PROMISED + f"Connection._handle_dbapi_exception takes {names}"


@pytest.mark.parametrize("name", ["driver", "waiting", "prepared", "bulk", "database"])
def test_no_other_private_name_is_used(name: str) -> None:
    text = Path(driver.__file__).with_name(f"{name}.py").read_text()
    private = set(re.findall(r"(?<!self)(?<!\))\.(_[a-z]\w+)", text))  # a tuple's `_make` is documented
    assert private <= {"_handle_dbapi_exception"}, private
