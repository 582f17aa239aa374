"""A real browser: which one the tests drive, and a window of it that minds what a page must not do."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from support.real_stack import Person

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What Chromium is called where it is installed."""

ARGUMENTS: Final = (
    "--no-sandbox",  # which root has not
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP localhost 127.0.0.1",  # where the shop listens, and nowhere else
)

PATIENCE_MS: Final = 60_000
"""How long a page may take for anything: other tests are busy beside it."""

PICTURES: Final = Path(__file__).parents[2] / "build" / "browser"
"""Where pictures of the pages are left."""

WIDE: Final = (1280, 900)
NARROW: Final = (375, 800)
"""A window on a desk, and one of a telephone."""


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where it must not be skipped: in continuous integration."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def path_of_browser() -> str:
    """The program to drive. Without one the test is skipped, and says how to get one."""
    named = os.environ.get("SANSET_BROWSER", "")
    path = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if path is None:
        missing(
            f"SANSET_BROWSER: there is no {named}"
            if named
            else "no Chromium: `apt-get install chromium`, or name one by SANSET_BROWSER"
        )
    return str(path)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without windows on a screen."""
    path = path_of_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP localhost 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


class Visit:
    """Somebody's visit: a browser without a memory of others, in which any number of tabs are opened."""

    def __init__(
        self, browser: Browser, origin: str, person: Person | None = None, size: tuple[int, int] = WIDE
    ) -> None:
        self.complaints: list[str] = []
        """What its pages logged as errors, threw, or were refused by their policy."""
        self.context: BrowserContext = browser.new_context(
            base_url=origin,
            viewport={"width": size[0], "height": size[1]},
            locale="en-US",
            timezone_id="UTC",
            reduced_motion="reduce",
            storage_state=None if person is None else _signed_in(origin, person),
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("console", self._logged)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def tab(self, path: str = "/") -> Page:
        """A new tab at a page."""
        page = self.context.new_page()
        page.goto(path)
        return page

    def close(self) -> None:
        """End it."""
        self.context.close()

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


class Visiting(Protocol):
    """Begins a visit, as nobody or as somebody who is signed in, in a window of some size."""

    def __call__(self, person: Person | None = None, size: tuple[int, int] = WIDE) -> Visit:
        """A visit, which ends with the test."""


def picture_of(page: Page, name: str) -> None:
    """Leave a picture of all of a page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def _signed_in(origin: str, person: Person) -> Any:
    """What a browser has stored in which somebody signed in before, at the storefront and at the console."""
    expires_at = (time.time() + person.tokens["expires_in"]) * 1000
    grant = {
        "accessToken": person.tokens["access_token"],
        "refreshToken": person.tokens["refresh_token"],
        "renewAt": expires_at - 60_000,
        "expiresAt": expires_at,
    }
    stored = [{"name": name, "value": json.dumps(grant)} for name in ("sanset.tokens", "sanset.console")]
    return {"cookies": [], "origins": [{"origin": origin, "localStorage": stored}]}
