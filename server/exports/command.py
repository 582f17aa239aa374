"""`sanset export`: writes a file, with a progress bar."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.console import Console

from server import progress
from server.db.engine import connect, reading
from server.exports.file import Format, write_file
from server.exports.orders import orders
from server.exports.products import products
from server.exports.target import is_stream, writing
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
    """Export `what` to `path`, which appears when it is complete; `-` is standard output.

    Raises UnusableTarget: `path` cannot be written.
    """
    source = orders(start, end or now) if what == "orders" else products(None, now)
    engine = connect(settings.url, pool_size=1)
    try:
        with writing(path) as unfinished, progress.shown() as bars:
            rows = write_file(unfinished, source, form, reading(engine).connect, bars)
    finally:
        engine.dispose()
    # Standard output may be the export itself, or a pipe that ends in it.
    out = Console(stderr=is_stream(path), highlight=False, soft_wrap=True, markup=False, emoji=False)
    out.print(f"{rows:,} rows: {path}")
    return 0
