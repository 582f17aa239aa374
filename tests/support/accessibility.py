"""What shuts people out of a page."""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS: Final = {"serious", "critical"}


def flaws_of(page: Page) -> dict[str, Any]:
    """What axe says that shuts people out, by its rule: the elements."""
    violations = Axe().run(page).response["violations"]
    return {
        violation["id"]: [node["html"] for node in violation["nodes"]]
        for violation in violations
        if violation["impact"] in SERIOUS
    }
