"""The pages' own code fits the types of the client, and so the contract."""

from __future__ import annotations

import pytest

from server.bootstrap.pages import APPLICATIONS, CLIENTS, npm


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_pages_fit_the_contract(application: str) -> None:
    if not (CLIENTS / "node_modules").is_dir():
        pytest.skip("the pages in PAGES_DIR were built elsewhere")
    npm("run", "--silent", "types", f"--workspace={application}", says="checking the types of the pages")
