"""`python -m bench.search_alone URL DATA_DIR`: what search takes in a process that does nothing else, as JSON.

The index is opened and the suggestions are read as a worker does it. Memory is the process's own, without the
pages of the file, which workers share.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.search_data import Catalogue
from server.catalog.category_tree import CategoryTree
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work
from server.search.convert import FacetsToWire
from server.search.engine.engine import SearchOptions
from server.search.index.words import Wording
from server.search.suggest.reads import SuggestReads
from server.search.suggest.suggestions import Suggestions
from server.search.upkeep.keeper import IndexKeeper
from server.search.upkeep.rebuild import Rebuild

QUERIES = 1_000
PREFIXES: Final = 2_000
LIMIT: Final = 10
"""Completions of a suggestion, as many as are told where nothing else is said."""
PATIENCE = 120.0
MEGABYTE: Final = 1024 * 1024


async def figures(url: str, data_dir: Path) -> dict[str, float]:
    """Seconds and megabytes."""
    db, queries = Database(url, pool_size=2), Catalogue().queries(QUERIES, seed=1)
    work = Work(db, Pool(threads=2, max_queued=100, max_wait_seconds=10))
    rebuild = Rebuild(data_dir / "search", url, Wording())
    keeper = IndexKeeper(work, lambda: datetime.now(UTC), rebuild)
    memory, spent, began = _private(), time.process_time(), time.monotonic()
    keeper.start()
    engine = await asyncio.wait_for(keeper.engine(), PATIENCE)
    result = {"open_cpu": time.process_time() - spent, "open": time.monotonic() - began}
    await asyncio.sleep(2)
    result["index_mb"] = _private() - memory
    memory, spent = _private(), time.process_time()
    suggestions = Suggestions(SuggestReads(work))
    await suggestions.start()
    await asyncio.wait_for(suggestions.suggest("a", 1), PATIENCE)
    result |= {"suggest_cpu": time.process_time() - spent, "suggest_mb": _private() - memory}
    result["suggest_p99_ms"] = await _suggest_p99(suggestions)
    memory, writer = _private(), FacetsToWire(CategoryTree([]), "USD")
    for text in queries:
        engine.answer(text, SearchOptions(), writer)
    result["searched_mb"] = _private() - memory
    await suggestions.stop()
    await keeper.stop()
    return result


async def _suggest_p99(suggestions: Suggestions) -> float:
    """Milliseconds of the slowest hundredth of suggestions, to beginnings of two to seven letters."""
    times = []
    for prefix in Catalogue().prefixes(PREFIXES, seed=2):
        began = time.perf_counter()
        await suggestions.suggest(prefix, LIMIT)
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.quantiles(times, n=100)[98]


def _private() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private")) / MEGABYTE


if __name__ == "__main__":
    print(json.dumps(asyncio.run(figures(sys.argv[1], Path(sys.argv[2])))))
