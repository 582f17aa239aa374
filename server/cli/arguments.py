"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def count(text: str) -> int:
    """Read a number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def moment(text: str) -> datetime:
    """Read a time like 2026-11-21 or 2026-11-21T10:00+02:00; without a zone it is in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write it like 2026-11-21 or 2026-11-21T10:00+02:00"
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
