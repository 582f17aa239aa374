"""Validation: the limits that the protos declare on their fields, and values that no database keeps."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from protovalidate import Validator

from server.errors import InvalidField
from server.rpc.storable import flaws

_MOST_REPORTED = 20


class Validation:
    """Checks requests against the protovalidate rules of their messages, and for what cannot be stored."""

    def __init__(self) -> None:
        self._validator = Validator()

    def check(self, request: Message) -> None:
        """Raise InvalidField naming every field that breaks its rule."""
        violations = [_describe(violation.proto) for violation in self._validator.collect_violations(request)]
        violations += flaws(request)
        if violations:
            raise InvalidField(*violations[:_MOST_REPORTED])

    def warm(self, message_types: list[type[Message]]) -> None:
        """Compile the rules of `message_types` now: the first use of each costs milliseconds."""
        for message_type in message_types:
            self._validator.collect_violations(message_type())


def _describe(violation: Any) -> tuple[str, str]:
    path = ""
    for element in violation.field.elements if violation.field is not None else ():
        path += f".{element.field_name}"
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return path.removeprefix(".") or "request", violation.message
