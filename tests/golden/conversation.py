"""A conversation with a shop as a file keeps it: who calls which method with what, and how it is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

VARIES: Final = "<varies>"
"""Stands for what differs from shop to shop: ids, times, tokens."""


@dataclass(frozen=True)
class Call:
    """A call and, once it was recorded, its answer.

    A string `${NAME.PATH}` in `request` or `metadata` is a value of the reply to the call of that name. `account`
    is the name of the sign-in whose token is sent. `refused` is the reason for which the call is refused. Of a
    stream the first `take` messages are read; 0 reads it to its end.
    """

    method: str
    name: str = ""
    account: str = ""
    request: dict[str, Json] = field(default_factory=dict)
    metadata: dict[str, Json] = field(default_factory=dict)
    refused: str = ""
    take: int = 0
    answer: dict[str, Json] = field(default_factory=dict)


def read(path: Path) -> list[Call]:
    """Read a conversation."""
    return [Call(**call) for call in json.loads(path.read_text("utf-8"))]


def write(path: Path, calls: list[Call]) -> None:
    """Write a conversation, without what is empty."""
    filled = [{key: value for key, value in vars(call).items() if value} for call in calls]
    path.write_text(json.dumps(filled, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def recorded(calls: list[Call], first: list[dict[str, Json]], second: list[dict[str, Json]]) -> list[Call]:
    """Give each call what two shops answered alike."""
    return [
        replace(call, answer=_common(one, other))
        for call, one, other in zip(calls, first, second, strict=True)
    ]


def _common(one: Json, other: Json) -> Json:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        return {key: VARIES if _is_id(key) else _common(one.get(key), other.get(key)) for key in keys}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_common(*pair) for pair in zip(one, other, strict=True)]
    return one if one == other else VARIES


def _is_id(key: str) -> bool:
    """Whether a field is an id, which two shops may have given alike by chance."""
    return key == "id" or key.endswith(("_id", "_ids"))


def differences(golden: Json, answer: Json, path: str = "") -> list[str]:
    """Say where an answer is not the recorded one."""
    if golden == VARIES:
        return []
    if isinstance(golden, dict) and isinstance(answer, dict):
        return [
            difference
            for key in sorted(golden.keys() | answer.keys())
            for difference in differences(golden.get(key), answer.get(key), f"{path}.{key}")
        ]
    if isinstance(golden, list) and isinstance(answer, list) and len(golden) == len(answer):
        pairs = enumerate(zip(golden, answer, strict=True))
        return [text for index, pair in pairs for text in differences(*pair, f"{path}[{index}]")]
    return [] if golden == answer else [f"{path.lstrip('.')}: {golden!r} became {answer!r}"]
