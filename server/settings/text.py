"""Settings as text: for the environment of a child process, and for people, secrets masked."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeGuard

from pydantic import BaseModel, SecretStr, TypeAdapter


def environment_of(settings: BaseModel) -> dict[str, str]:
    """The environment that gives a child process exactly these settings."""
    values = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            values[name.upper()] = value.get_secret_value()
        elif _holds_secrets(value):
            values[name.upper()] = json.dumps([one.get_secret_value() for one in value])
        elif isinstance(value, str | int | float | Path | Decimal):
            values[name.upper()] = str(value)
        elif value is not None:
            adapter: TypeAdapter[Any] = TypeAdapter(field.annotation or Any)
            values[name.upper()] = adapter.dump_json(value).decode()
    return {**os.environ, **values}


def masked(settings: BaseModel) -> dict[str, str]:
    """Each variable and its value as text, secrets and database passwords hidden."""
    return {name.upper(): _mask(getattr(settings, name)) for name in type(settings).model_fields}


def _mask(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if _holds_secrets(value):
        return " ".join("********" for _ in value)
    if isinstance(value, str) and "://" in value:
        return _without_passwords(value)
    return "" if value is None else str(value)


def _holds_secrets(value: object) -> TypeGuard[list[SecretStr]]:
    return isinstance(value, list) and any(isinstance(one, SecretStr) for one in value)


def _without_passwords(url: str) -> str:
    """A URL without its passwords: one with a bare @ or / in it ends at the last @ that could end it."""
    rest = r"(//[^:/@]*:).*(?=@)"
    return re.sub(
        rf"{rest}|([?&][^=&]*(?:pass|secret)[^=&]*=)[^&]+", r"\1\2********", url, flags=re.IGNORECASE
    )
