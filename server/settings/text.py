"""Settings as text: for the environment of a child process, and for people, secrets masked."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeGuard

from pydantic import BaseModel, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

_SECRET: Final = (SecretStr, list[SecretStr])
_HIDDEN_PARAMETERS: Final = "pass|pwd|secret|token|api[_-]?key|credential|signature"
"""What parameters of URLs have in their names whose values are secret."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedSetting:
    """A setting as people read it: secrets hidden, values as the environment has them."""

    name: str
    value: str
    default: str
    description: str
    group: str
    """The module of its subject."""
    is_secret: bool
    is_changed: bool
    """Whether it has another value than by default."""


def described(settings: BaseModel) -> list[DescribedSetting]:
    """Every setting, those of a subject together, secrets and passwords in URLs hidden."""
    fields, groups = type(settings).model_fields, _groups(type(settings))
    return [_described(name, field, getattr(settings, name), groups[name]) for name, field in fields.items()]


def masked(settings: BaseModel) -> dict[str, str]:
    """Each variable and its value as text, secrets and passwords in URLs hidden."""
    return {name.upper(): _mask(getattr(settings, name)) for name in type(settings).model_fields}


def _described(name: str, field: FieldInfo, value: object, group: str) -> DescribedSetting:
    default = field.get_default(call_default_factory=True, validated_data={})
    return DescribedSetting(
        name=name.upper(),
        value=_mask(value),
        default=_mask(default),
        description=field.description or "",
        group=group,
        is_secret=field.annotation in _SECRET,
        is_changed=value != default,
    )


def _groups(kind: type[BaseModel]) -> dict[str, str]:
    """By the names of the fields: the modules of the classes that have them."""
    return {
        name: base.__module__.rpartition(".")[2]
        for base in reversed(kind.__mro__)
        for name in vars(base).get("__annotations__", {})
        if name in kind.model_fields
    }


def _mask(value: object) -> str:
    shown = _shown(value)
    if _holds_secrets(value):
        return " ".join("********" for _ in value)
    if shown is None or isinstance(shown, str):
        return shown or ""
    return json.dumps(shown, ensure_ascii=False)


def _shown(value: object) -> object:
    """A value of JSON without what is secret, however deep it lies."""
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, BaseModel):
        return {name: _shown(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(name): _shown(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return _without_passwords(text) if "://" in text else text


def _holds_secrets(value: object) -> TypeGuard[list[SecretStr]]:
    return isinstance(value, list) and any(isinstance(one, SecretStr) for one in value)


def _without_passwords(url: str) -> str:
    """A URL without its passwords: one with a bare @ or / in it ends at the last @ that could end it.

    Of a web address the user goes too, which may be a key.
    """
    patterns = (
        r"(https?://)[^/?#]+(?=@)",
        r"(//[^:/@]*:).*(?=@)",
        rf"([?&][^=&]*(?:{_HIDDEN_PARAMETERS})[^=&]*=)[^&]+",
    )
    for pattern in patterns:
        url = re.sub(pattern, r"\1********", url, flags=re.IGNORECASE)
    return url
