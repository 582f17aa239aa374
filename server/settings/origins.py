"""Origins of browsers, spelt as they send them."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(text: str) -> str:
    """The origin that `text` names, as a browser sends it; raises ValueError for what no browser ever sends.

    A slash at the end, capitals, the scheme's own port and letters outside ASCII are spelt otherwise by browsers.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise ValueError(_problem(text)) from None
    beside = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in _DEFAULT_PORTS or not host or "*" in host or beside:
        raise ValueError(_problem(text))
    if ":" in host:
        host = f"[{host}]"
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _problem(text: str) -> str:
    if "*" in text:
        return f"{text!r}: a wildcard matches no origin; name each one, like https://shop.example.com"
    return f"{text!r} is no origin; use a scheme and a host, like https://shop.example.com"
