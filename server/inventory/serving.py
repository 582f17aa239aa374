"""Has the levels of a location serve orders as the location says, once that has changed."""

from __future__ import annotations

from server.db.work import Work
from server.inventory import location_queries, locations


class LocationServing:
    """Brings levels up to their locations, some in each transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def follow(self, location_id: int) -> None:
        """Have all levels of a location serve as it says."""
        after: int | None = 0
        while after is not None:
            after = await self._work.write(locations.serve_some, location_id, after)

    async def run(self) -> None:
        """Go on with what calls began that have died since."""
        for location_id in await self._work.read(location_queries.with_pending_levels):
            await self.follow(location_id)
