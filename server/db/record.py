"""What a call leaves a record of: set once around its method, and written by the transaction that it commits.

So no use case has to remember it: whoever opens a transaction in such a call writes the record with its commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol

from sqlalchemy import Connection


class CallRecord(Protocol):
    """What is to be written once for a call."""

    @property
    def is_due(self) -> bool:
        """Whether it has still to be written."""

    def begin(self) -> None:
        """Forget what an attempt noted that was undone: a transaction begins."""

    def write(self, tx: Connection) -> None:
        """Write it, where it is due, as the last statement of a transaction."""

    def committed(self) -> None:
        """Take it for written, if the transaction that has just committed wrote it."""

    def settle(self) -> None:
        """Take it for written: the call repeats another, which left its own."""

    def take_change(self, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        """Add what columns held before the transaction, and hold now."""

    def take_facts(self, actor: Any, subject: str, facts: Mapping[str, Any]) -> bool:
        """Take what a rule knows of what `actor` does; False where that is not what the record is of."""

    def take_reply(self, reply: object) -> None:
        """Learn the reply, which names what was created."""


_CURRENT: Final[ContextVar[CallRecord | None]] = ContextVar("record", default=None)


def current_record() -> CallRecord | None:
    """The record of the call that is worked for; None when it leaves none."""
    return _CURRENT.get()


@contextmanager
def keeping(record: CallRecord) -> Iterator[None]:
    """Have the transactions of a call write its record; the threads that work for it know it too."""
    _CURRENT.set(record)
    try:
        yield
    finally:
        _CURRENT.set(None)  # a reset would fail in a stream that is closed elsewhere than where it began


@contextmanager
def unrecorded() -> Iterator[None]:
    """Commit what only prepares a call, which may be refused still, without its record."""
    token = _CURRENT.set(None)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def repeated() -> None:
    """Leave no record of this call: it gets the reply of an earlier one, which left its own."""
    record = _CURRENT.get()
    if record is not None:
        record.settle()
