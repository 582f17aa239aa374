"""Validation: the limits that the protos declare, how texts are written, and what no database keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Final, TypeVar

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from protovalidate import Validator

from server.contract import is_read, native_path
from server.errors import FieldReason, InvalidField, RequestTooLarge, Violation
from server.rpc.sentences import describe, too_many
from server.rpc.sizes import MIN_LIMIT, largest_of
from server.rpc.storable import flaws
from server.rpc.typed import is_output_only, tidy

_VALIDATOR: Final = Validator()
"""Keeps each message's rules compiled: they are the contract's, and one does for a process."""

T = TypeVar("T")

_MAX_REPORTED = 20

MAX_SOUND: Final = 10_000
"""How many requests are remembered as sound."""
MAX_UNSOUND: Final = 1000
"""How many are remembered as wrong, each with what is wrong."""
MAX_SOUND_BYTES: Final = 256
"""Longer ones are seldom sent again."""


class Validation:
    """Checks requests against the protovalidate rules of their messages, and for what cannot be stored.

    Texts are trimmed before, so that every rule and every method meets them so.

    The cheap questions come first, so that nobody makes the server work for what it will refuse: how many bytes,
    whether any rule is broken, how many entries; each entry is looked at when there are no more than there may be.
    """

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        methods = [method for service in services for method in service.methods]
        self._validator = _VALIDATOR
        self._largest = {native_path(method): largest_of(method) for method in methods}
        self._reads = frozenset(native_path(method) for method in methods if is_read(method))
        self._sound: dict[tuple[str, bytes], None] = {}
        self._unsound: dict[tuple[str, bytes], Sequence[Violation]] = {}

    def check_size(self, method: str, size: int) -> None:
        """Raise RequestTooLarge for `size` bytes when no request that `method` serves has as many."""
        limit = self._largest.get(method, MIN_LIMIT)
        if size > limit:
            raise RequestTooLarge(size=size, method=method.rpartition("/")[2], limit=limit)

    def check_sent(self, method: str, data: bytes, request: Message) -> None:
        """Check a `request` that was sent as `data`, unless a read sends what was sent before.

        The hottest calls send the same again and again, and so do programs that send what is wrong; no rule
        depends on anything but what is sent.
        """
        key = method, data
        if key in self._sound:
            return
        if (violations := self._unsound.get(key)) is not None:
            raise InvalidField(*violations)
        is_short_read = method in self._reads and len(data) <= MAX_SOUND_BYTES
        try:
            self.check(request)
        except InvalidField as refusal:
            if is_short_read:
                _keep(self._unsound, key, refusal.violations, MAX_UNSOUND)
            raise
        # Not what was trimmed: it must be trimmed every time.
        if is_short_read and request.SerializeToString() == data:
            _keep(self._sound, key, None, MAX_SOUND)

    def check(self, request: Message) -> None:
        """Raise InvalidField naming the fields that break their rules, 20 at most."""
        for path in _sent_back(request.DESCRIPTOR):
            _forget(request, path)
        untidy = tidy(request)
        if self._validator.collect_violations(request, fail_fast=True):
            raise InvalidField(*islice(self._broken_rules(request, untidy), _MAX_REPORTED))
        wrong = list(islice(_by_field(chain(untidy, flaws(request))), _MAX_REPORTED))
        if wrong:
            raise InvalidField(*wrong)

    def _broken_rules(self, request: Message, untidy: list[Violation]) -> Iterable[Violation]:
        crowded = list(_crowded(request))
        if crowded:
            return crowded
        broken = self._validator.collect_violations(request)[:_MAX_REPORTED]
        described = chain.from_iterable(describe(request, violation) for violation in broken)
        return _by_field(chain(untidy, described, flaws(request)))

    def warm(self, message_types: list[type[Message]]) -> None:
        """Compile the rules of `message_types` now: the first use of each costs milliseconds."""
        for message_type in message_types:
            self._validator.collect_violations(message_type())


def _keep(memory: dict[tuple[str, bytes], T], key: tuple[str, bytes], value: T, most: int) -> None:
    """Remember something, and forget what was remembered first where it is too much."""
    memory[key] = value
    if len(memory) > most:
        del memory[next(iter(memory))]


def _by_field(violations: Iterable[Violation]) -> Iterator[Violation]:
    """The first violation of each field: a text that is too long seldom matches its pattern either."""
    named: set[str] = set()
    for violation in violations:
        if violation.field not in named:
            named.add(violation.field)
            yield violation


@cache
def _sent_back(message: Descriptor) -> tuple[tuple[str, ...], ...]:
    """Where a client that read a resource may send back a list that only the server fills."""
    paths: list[tuple[str, ...]] = []
    for field in message.fields:
        output_only = is_output_only(field)
        if output_only and field.is_repeated:
            paths.append((field.name,))
        elif field.message_type is not None and not (output_only or field.is_repeated):
            paths.extend((field.name, *path) for path in _sent_back(field.message_type))
    return tuple(paths)


def _forget(request: Message, path: tuple[str, ...]) -> None:
    """Clear what is ignored anyway, so that nothing walks through it."""
    *parents, name = path
    for parent in parents:
        if not request.HasField(parent):
            return
        request = getattr(request, parent)
    request.ClearField(name)


def _crowded(message: Message, path: str = "") -> Iterator[Violation]:
    """The lists and maps with more entries than they may have; none of the entries is looked at."""
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        if field.is_repeated:
            limit = _most_entries(field)
            if limit is not None and len(value) > limit:
                yield Violation(name, too_many(field), FieldReason.TOO_MANY_ENTRIES)
        elif field.message_type is not None and not field.message_type.full_name.startswith("google."):
            yield from _crowded(value, f"{name}.")


def _most_entries(field: FieldDescriptor) -> int | None:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if rules.repeated.HasField("max_items"):
        return int(rules.repeated.max_items)
    return int(rules.map.max_pairs) if rules.map.HasField("max_pairs") else None
