"""Builds the file of the index, as a process of its own: `python -m server.search.upkeep.builder PATH LANGUAGES`.

Reading and sorting every word of a large shop takes seconds of CPU, which no worker has to spare beside its calls.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from server.db.database import Database
from server.search.index import file
from server.search.index.documents import entry_of
from server.search.index.segment import SegmentBuilder
from server.search.index.words import Wording
from server.search.upkeep import queries
from server.search.upkeep.fingerprint import DATABASE_VARIABLE, fingerprint

NICENESS: Final = 10


def build(db: Database, url: str, path: Path, wording: Wording) -> int:
    """Index every product, put the file into its place, and return how many there are."""
    builder = SegmentBuilder()
    with db.read() as connection:
        # Before the first product is read: what changes meanwhile is read once more by whoever opens the file.
        position = queries.settled(connection)
        names = queries.categories(connection, wording)
        for document in queries.all_documents(connection, names):
            builder.add(entry_of(document))
    stamp = file.Stamp(database=fingerprint(url, wording), position=position, categories=names.texts)
    file.write(path, builder.build(), stamp)
    return len(builder)


def main() -> None:
    """Build, beside whatever else the machine does."""
    os.umask(0o077)
    os.nice(NICENESS)
    url = os.environ[DATABASE_VARIABLE]
    with closing(Database(url, pool_size=1)) as db:
        build(db, url, Path(sys.argv[1]), Wording(tuple(sys.argv[2].split(","))))


if __name__ == "__main__":
    main()
