"""`sanset export`: writes a file, with a progress bar."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from rich.console import Console

from server import progress
from server.db.engine import connect, reading
from server.exports.file import Format, write_file
from server.exports.orders import orders
from server.exports.products import products
from server.settings import Settings


def export(
    settings: Settings,
    what: str,
    form: Format,
    path: Path,
    *,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
) -> int:
    """Export `what` to `path`, which appears when it is complete."""
    source = orders(start, end or now) if what == "orders" else products(None, now)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    engine = connect(settings.url, pool_size=1)
    try:
        with progress.shown() as bars:
            rows = write_file(unfinished, source, form, reading(engine).connect, bars)
        unfinished.replace(path)
    finally:
        engine.dispose()
        unfinished.unlink(missing_ok=True)
    Console(highlight=False, soft_wrap=True, markup=False, emoji=False).print(f"{rows:,} rows: {path}")
    return 0
