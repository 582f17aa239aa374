"""`sanset verify` by itself, each night: in a process of its own, so that no call waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import structlog
from prometheus_client import CollectorRegistry, Gauge

from server.db.work import Work
from server.events.follower import Follower
from server.events.log import publish
from server.events.topics import DatabaseVerified
from server.process.parent_death import bound_to_parent
from server.settings import Settings, environment_of

MAX_LOGGED = 20

log = structlog.get_logger()


class VerifyFailed(Exception):
    """The child did not come to a result."""


class NightlyVerify:
    """Runs the check, logs what breaks a rule, and shows how many rows do as a metric.

    Each night another worker may be the one that checks: it tells all of them, so that none shows an old result.
    """

    def __init__(self, settings: Settings, work: Work, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._work = work
        self._violations = Gauge(
            "sanset_verify_violations",
            "Rows that broke a rule at the last check, by whichever worker; NaN until one since the start",
            registry=registry,
        )
        self._violations.set(float("nan"))

    async def run(self) -> None:
        """Check the whole database. Raises VerifyFailed."""
        process = await asyncio.create_subprocess_exec(
            *bound_to_parent([sys.executable, "-m", "server", "verify"], signal.SIGTERM),
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        lines = output.decode(errors="replace").splitlines()
        if process.returncode not in (0, 1) or not lines:
            raise VerifyFailed(errors.decode(errors="replace").strip()[-500:] or f"exit {process.returncode}")
        *violations, summary = lines
        await self._work.write(publish, DatabaseVerified(len(violations)), vital=True)
        for violation in violations[:MAX_LOGGED]:
            log.error("invariant_broken", violation=violation)
        (log.error if violations else log.info)("verified", summary=summary)

    def attach(self, follower: Follower) -> None:
        """Learn of every check, whichever worker makes it."""
        follower.on(DatabaseVerified, self.show)

    def show(self, result: DatabaseVerified) -> None:
        """Take the result of a check, this worker's or another's."""
        self._violations.set(result.violations)

    def _environment(self) -> dict[str, str]:
        # The database may be one that only the running shop can name.
        settings = self._settings.model_copy(update={"database_url": self._settings.url})
        return environment_of(settings) | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
