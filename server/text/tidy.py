"""Fields of one line that people fill: what is stored of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.errors import FieldReason, InvalidField
from server.text.allowed import problem_of_name, trimmed


def tidied(values: Mapping[str, Any], *, required: Iterable[str] = (), prefix: str = "") -> dict[str, Any]:
    """`values` with their texts trimmed; other values as they are.

    Raises InvalidField when a text is no single line of characters that can be seen (a line break would forge
    lines in mail and on labels), or one of `required` is present and blank. `prefix` comes before the field's
    name in the message.
    """
    tidy = {name: trimmed(value) if isinstance(value, str) else value for name, value in values.items()}
    wrong = [
        (prefix + name, problem, FieldReason.INVALID_FORMAT)
        for name, value in tidy.items()
        if isinstance(value, str) and (problem := problem_of_name(value))
    ]
    wrong += [
        (prefix + name, "must not be blank", FieldReason.REQUIRED)
        for name in required
        if tidy.get(name) == ""
    ]
    if wrong:
        raise InvalidField(*wrong)
    return tidy
