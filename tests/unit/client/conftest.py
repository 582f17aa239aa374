"""A running shop double and clients of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sanset_client import Client
from shop_double import ShopDouble, serve


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ShopDouble, str]]:
    """A shop and its address; started once per module."""
    shop = ShopDouble()
    server, address = serve(shop)
    yield shop, address
    server.stop(None).wait()


@pytest.fixture
def shop(running: tuple[ShopDouble, str], monkeypatch: pytest.MonkeyPatch) -> ShopDouble:
    """The shop, with nothing remembered. Clients are quick to come back."""
    monkeypatch.setattr("sanset_client.retry.FIRST_PAUSE", 0.01)
    running[0].reset()
    return running[0]


@pytest.fixture
def address(running: tuple[ShopDouble, str]) -> str:
    """Where the shop listens."""
    return running[1]


@pytest.fixture
def client(shop: ShopDouble, address: str) -> Iterator[Client]:
    """A client with a user signed in."""
    with Client(address) as client:
        client.login("john@example.com", "secret-1")
        yield client
