"""Deletes the files that no image has any more, or never had because its upload was broken off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.catalog.image_files import file_names
from server.clock import Clock
from server.db.work import Work
from server.media import queries
from server.media.library import Library

GRACE: Final = timedelta(days=1)
"""How long files are kept that nothing has: longer than any upload takes, and any page is looked at."""
AT_ONCE: Final = 50


@dataclass(frozen=True)
class FileSweep:
    """The job."""

    work: Work
    library: Library
    clock: Clock

    async def run(self) -> None:
        """Delete all that is old enough.

        Keys are given up for good before their files are deleted, so that nobody takes one up meanwhile; where
        this ends in between, the next run finds them given up.
        """
        await self.library.delete_unfinished(self.clock() - GRACE)
        while True:
            now = self.clock()
            keys = await self.work.write(queries.doom_files, now - GRACE, now, AT_ONCE, vital=True)
            if not keys:
                return
            await self.library.delete([name for key in keys for name in file_names(key)])
            await self.work.write(queries.forget_files, keys, vital=True)
