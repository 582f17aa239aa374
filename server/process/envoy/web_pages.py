"""The routes of the shop's web pages: files that a build left, read once and sent from memory.

Each directory that has a page of its own is one application: its page is shown at every path below it. Files of a
build have the hash of their content in their names, so caches keep them for a year; the page itself, whose name
stays, is read anew each time and answered with 304 while it is the same. Each file is sent as the build compressed
it to who takes that.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from server.process.envoy.refusals import Json

INDEX: Final = "index.html"
"""The page of an application. It is every page: its script shows what the address names."""

CONSOLE: Final = "console"
"""The directory of the console for the shop's people."""

ASSETS: Final = "assets"
"""The directory of an application whose files have the hash of their content in their names."""

CONFIRMING: Final = "/api/v1/auth/verify-email/"
CONFIRMED: Final = "/verify-email/"
"""Where the links of mails lead that confirm an address, and the storefront's page for them."""

BROTLI: Final = ".br"
"""What the name of a file ends with that the build compressed."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What the pages may load: files of the shop's own address, and no script or style that is written into a page."""

_EMPTY_STYLE: Final = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

CONSOLE_POLICY: Final = POLICY.replace("style-src 'self'", f"style-src 'self' {_EMPTY_STYLE}")
"""That of the console, whose components put an empty style element into the page and fill it by its interface."""

_FILTER: Final = "type.googleapis.com/envoy.config.route.v3.FilterConfig"
_OFF: Final = ("local_ratelimit", "buffer", "lua", "grpc_web", "grpc_json_transcoder")
_READS: Final = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
_TAKES_BROTLI: Final = {
    "name": "accept-encoding",
    "string_match": {"safe_regex": {"regex": r"(?:.*[ ,])?br(?:[ ,;].*)?"}},
}
_SHOWS_PAGES: Final = {"name": "accept", "string_match": {"contains": "text/html"}}


def routes(directory: Path) -> Iterator[Json]:
    """The routes to the files that builds left in `directory`, then to the pages, the innermost first."""
    pages = []
    for file in sorted(directory.rglob("*")):
        if not file.is_file() or file.suffix == BROTLI:
            continue
        if file.name == INDEX:
            pages.append(file)
        else:
            yield from _routes_of_file(file, file.relative_to(directory))
    for page in sorted(pages, key=lambda page: len(page.parts), reverse=True):
        yield from _routes_of_page(page, page.parent.relative_to(directory))


def links() -> Json:
    """The route by which a browser that opens the link of a mail sees a page, where a program gets JSON."""
    return {
        "match": {"prefix": CONFIRMING, "headers": [_READS, _SHOWS_PAGES]},
        "typed_per_filter_config": _as_it_is(),
        "redirect": {"prefix_rewrite": CONFIRMED, "response_code": "SEE_OTHER"},
    }


def _routes_of_file(file: Path, path: Path) -> Iterator[Json]:
    lasting = path.parent.name == ASSETS
    headers = {
        "content-type": _type_of(file),
        "cache-control": "public, max-age=31536000, immutable" if lasting else "public, max-age=3600",
    }
    yield from _answers(file, {"path": f"/{path.as_posix()}"}, [_READS], headers)


def _routes_of_page(page: Path, path: Path) -> Iterator[Json]:
    etag = f'"{hashlib.sha256(page.read_bytes()).hexdigest()[:24]}"'
    policy = CONSOLE_POLICY if path.as_posix() == CONSOLE else POLICY
    headers = {"etag": etag, "cache-control": "no-cache", "content-security-policy": policy}
    match: Json = {"prefix": "/"} if not path.parts else {"path_separated_prefix": f"/{path.as_posix()}"}
    conditions = [_READS, _SHOWS_PAGES]
    unchanged = {"name": "if-none-match", "string_match": {"contains": etag}}
    yield _route(match, [*conditions, unchanged], headers, {"status": 304})
    yield from _answers(page, match, conditions, {"content-type": "text/html; charset=utf-8", **headers})


def _answers(file: Path, match: Json, conditions: list[Json], headers: dict[str, str]) -> Iterator[Json]:
    """The compressed file to who takes it, the file to others."""
    compressed = file.with_name(file.name + BROTLI)
    varying = {**headers, "vary": "accept-encoding"}
    if compressed.is_file():
        yield _route(
            match, [*conditions, _TAKES_BROTLI], {**varying, "content-encoding": "br"}, _body(compressed)
        )
    yield _route(match, conditions, varying, _body(file))


def _route(match: Json, headers: list[Json], reply: dict[str, str], answer: Json) -> Json:
    return {
        "match": {**match, "headers": headers},
        "typed_per_filter_config": _as_it_is(),
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for key, value in reply.items()
        ],
        "direct_response": answer,
    }


def _as_it_is() -> Json:
    return {f"envoy.filters.http.{name}": {"@type": _FILTER, "disabled": True} for name in _OFF}


def _body(file: Path) -> Json:
    return {"status": 200, "body": {"filename": str(file.absolute())}}


def _type_of(file: Path) -> str:
    kind, _ = mimetypes.guess_type(file.name)
    kind = {"text/javascript": "application/javascript"}.get(kind or "", kind) or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith("javascript") else kind
