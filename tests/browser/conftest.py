"""Chromium on a real shop: server, database, Envoy and built pages.

All of it is there once, for the one worker that has these tests (`tests/conftest.py`). Each test makes visits of
its own, whose pages must not have complained when it ends. The flows of other pages are files beside these: they
have the same shop, browser and goods.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from support.browser import PATIENCE_MS, WIDE, Visit, Visiting, chromium, missing
from support.built_pages import built_pages
from support.openid_provider import OpenIdProvider, openid_provider
from support.real_stack import Person, Stack, stack_of
from support.shop_window import ShopWindow, filled

from server.bootstrap.pages import PagesNotBuilt
from server.process.ports import free_ports

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser; without one these tests are skipped."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def pages(browser: Browser) -> Path:
    """The built pages."""
    try:
        return built_pages()
    except PagesNotBuilt as error:
        missing(f"the web pages cannot be built here: {error}")
        raise


@pytest.fixture(scope="package")
def provider() -> Iterator[OpenIdProvider]:
    """A place to sign in at besides the shop."""
    with openid_provider() as running:
        yield running


@pytest.fixture(scope="package")
def shop(pages: Path, provider: OpenIdProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop that serves the pages, at `localhost`: that is where browsers have passkeys without TLS."""
    port, grpc_port = free_ports(2)
    provider.redirect_uris = [f"http://localhost:{port}/signed-in"]
    settings = {
        "port": port,
        "grpc_port": grpc_port,
        "pages_dir": pages,
        "oidc_providers": json.dumps(provider.settings()),
    }
    with stack_of(tmp_path_factory.mktemp("browser"), **settings) as running:
        yield running


@pytest.fixture(scope="package")
def goods(shop: Stack) -> ShopWindow:
    """What the shop sells."""
    return filled(shop)


@pytest.fixture
def visit(browser: Browser, shop: Stack, goods: ShopWindow) -> Iterator[Visiting]:
    """Begins visits."""
    begun: list[Visit] = []

    def begin(person: Person | None = None, size: tuple[int, int] = WIDE) -> Visit:
        begun.append(Visit(browser, f"http://localhost:{shop.port}", person, size))
        return begun[-1]

    yield begin
    for visit in begun:
        visit.close()
    assert [complaint for visit in begun for complaint in visit.complaints] == []
