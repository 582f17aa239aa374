"""A load balancer before several servers, which asks each for /readyz and repeats nothing that fails."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from support import plain_http
from support.real_stack import until

from server.process.envoy import config as envoy
from server.process.ports import free_ports

HTTP = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
MANAGER = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
)
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
INTERVAL = "0.2s"


@contextmanager
def balancer(directory: Path, servers: Sequence[int]) -> Iterator[Balancer]:
    """Run one before the ports of `servers`; it speaks HTTP/1.1 and HTTP/2, as its callers do."""
    port, admin = free_ports(2)
    path = directory / "balancer.json"
    path.write_text(json.dumps(_configuration(port, admin, servers)))
    command = [str(envoy.binary()), "-c", str(path), "--log-level", "error", "--disable-hot-restart"]
    with (directory / "balancer.log").open("wb") as log:
        process = subprocess.Popen([*command, "--concurrency", "1"], stdout=log, stderr=log)
    try:
        yield Balancer(port, admin)
    finally:
        process.kill()
        process.wait()


class Balancer:
    """A running one."""

    def __init__(self, port: int, admin: int) -> None:
        self.port = port
        self._admin = admin

    def until_it_sees(self, servers: int) -> None:
        """Wait until so many servers are in use."""
        until(lambda: self._seen() == servers)

    def _seen(self) -> int:
        try:
            return plain_http.get(f"http://127.0.0.1:{self._admin}/clusters").text.count(
                "health_flags::healthy"
            )
        except httpx.TransportError:
            return -1


def _configuration(port: int, admin: int, servers: Sequence[int]) -> dict[str, Any]:
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {
            "listeners": [
                {
                    "address": _address(port),
                    "filter_chains": [{"filters": [{"name": "http", "typed_config": _manager()}]}],
                }
            ],
            "clusters": [_cluster(servers)],
        },
    }


def _manager() -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "servers", "timeout": "0s"}}
    return {
        "@type": MANAGER,
        "stat_prefix": "balancer",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }


def _cluster(servers: Sequence[int]) -> dict[str, Any]:
    return {
        "name": "servers",
        "type": "STATIC",
        "connect_timeout": "1s",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": HTTP,
                "use_downstream_protocol_config": {"http2_protocol_options": {}},
            }
        },
        "health_checks": [
            {
                "http_health_check": {"path": "/readyz"},
                "interval": INTERVAL,
                "no_traffic_interval": INTERVAL,
                "unhealthy_interval": INTERVAL,
                "timeout": "1s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
            }
        ],
        "load_assignment": {
            "cluster_name": "servers",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": _address(server)}} for server in servers]}
            ],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
