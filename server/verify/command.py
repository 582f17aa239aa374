"""`sanset verify`: says which rows break which rule."""

from __future__ import annotations

from rich.console import Console

from server import progress
from server.db.engine import connect
from server.settings import Settings
from server.verify.run import rules, verify


def verify_database(settings: Settings) -> int:
    """Check the whole database; 0 when every rule holds, 1 otherwise."""
    engine = connect(settings.url, pool_size=1)
    try:
        with progress.shown() as bars:
            violations = verify(engine, progress=bars)
    finally:
        engine.dispose()
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)  # rows hold people's own words
    for violation in violations:
        out.print(str(violation), style="red")
    out.print(f"{len(rules())} rules checked, {len(violations)} violations")
    return 1 if violations else 0
