"""What the documentation names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("clients/*/README.md")])
NAMED = re.compile(r"`((?:server|ml|tests|proto|clients|bench|docs)/[\w./-]+)`")
LINKED = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
PLACEHOLDER = "VERSION"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    named = {
        path for path in NAMED.findall(text) if PLACEHOLDER not in path and not (PROJECT / path).exists()
    }
    linked = {path for path in LINKED.findall(text) if not (page.parent / path).exists()}
    assert named | linked == set()
