"""The shop's web pages as `make run` builds them, kept for the next run."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from server.bootstrap.pages import PROJECT, built

KEPT = PROJECT / "build" / "pages"


def built_pages() -> Path:
    """The pages of these sources, or those of PAGES_DIR. Raises PagesNotBuilt."""
    if "PAGES_DIR" in os.environ:
        return Path(os.environ["PAGES_DIR"]).absolute()
    KEPT.mkdir(parents=True, exist_ok=True)
    with KEPT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two runs at once one builds
        return built(KEPT)
