"""Origins are compared with what browsers send, so they are spelt as browsers spell them."""

from __future__ import annotations

import pytest

from server.settings.origins import origin_of


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com"),
        (" HTTPS://Shop.Example.com:443 ", "https://shop.example.com"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_spelt_as_browsers_send_it(written: str, sent: str) -> None:
    assert origin_of(written) == sent


@pytest.mark.parametrize(
    "written",
    ["*", "https://*.example.com", "null", "", "shop.example.com", "https://", "https://a.example/shop",
     "https://a.example?x=1", "https://user@a.example", "https://a.example:99999", "ftp://a.example"],
)  # fmt: skip
def test_what_no_browser_sends_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"https://shop\.example\.com"):
        origin_of(written)
