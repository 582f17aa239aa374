"""The real Envoy with our configuration, before workers that show what reached them."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import gateway_double
import grpc
import pytest
from cryptography.x509 import load_pem_x509_certificate
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from sanset.v1 import catalog_pb2_grpc, order_service_pb2, order_service_pb2_grpc, product_pb2, tracking_pb2
from sanset_client import Client, tls
from support import raw_http2
from support.certificates import Authority, Certificate, authority
from support.forked_children import fork_children
from support.forked_command import FORKS

from server.errors import ClientCertificateMissing, Overloaded
from server.process import supervisor
from server.process.envoy import tls as certificates
from server.process.fork_server import next_fork
from server.process.ports import free_ports
from server.settings import Settings

ORIGIN = "http://localhost:3000"
PRODUCT = "/api/v1/products/1"
PAGES = {
    "index.html": b"<!doctype html><title>100% Sanset</title>",
    "assets/app-1a2b.js": b"console.log('%CODE%');" * 100,
    "assets/app-1a2b.js.br": bytes(range(256)) * 8,  # not read by the gateway
    "favicon.svg": b"<svg/>",
    "console/index.html": b"<!doctype html><title>The console</title>",
    "console/assets/app-3c4d.js": b"console.log('for staff');",
}
"""What a build of the web pages left."""


@dataclass
class Reply:
    """What an HTTP client sees."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    """A running shop of doubles."""

    port: int
    grpc_port: int
    directory: Path
    arguments: dict[str, Any] = field(default_factory=dict)

    def call(self, verb: str, path: str, body: bytes | str | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(verb, path, body, named)
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    @property
    def state(self) -> Any:
        return json.loads((self.directory / "run" / "shop.json").read_text())


def _running(directory: Path, **changes: Any) -> Iterator[Gateway]:
    port, grpc_port = free_ports(2)
    settings = {
        "environment": "test",
        "data_dir": str(directory),
        "port": port,
        "grpc_port": grpc_port,
        "rate_limit": 0,
        "default_deadline_seconds": 1.5,
        "drain_seconds": 1,
        "drain_notice_seconds": 0,
        **changes,
    }
    ready, say_ready = FORKS.Pipe(duplex=False)
    shop = FORKS.Process(target=_serve_doubles, args=(settings, say_ready))
    shop.start()
    say_ready.close()
    assert ready.recv() == "ready"
    yield Gateway(port, grpc_port, directory, settings)
    shop.terminate()
    shop.join(60)
    assert shop.exitcode == 0
    ready.close()


def _be_double() -> None:
    port, _metrics_port = next_fork()
    gateway_double.main(port)


def _serve_doubles(settings: dict[str, Any], say_ready: Connection) -> None:
    """Be the supervisor of a shop whose workers are doubles."""
    supervisor.workers_command = lambda: ["double"]
    certificates.CHECK_SECONDS = 0.1  # type: ignore[misc]
    fork_children(lambda command: _be_double if command == ("double",) else None)
    shop = Settings(_env_file=None, **settings)  # type: ignore[call-arg]  # of pydantic-settings
    supervisor.serve(shop, lambda _ports: say_ready.send("ready"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    pages = tmp_path_factory.mktemp("pages")
    for name, content in PAGES.items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_bytes(content)
    yield from _running(tmp_path_factory.mktemp("gateway"), pages_dir=str(pages))


@pytest.fixture(scope="module", params=["port", "grpc_port"])
def channel(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[grpc.Channel]:
    """A native client, at each of the two doors."""
    with grpc.insecure_channel(f"127.0.0.1:{getattr(gateway, request.param)}") as channel:
        yield channel


def test_health_is_answered_by_the_gateway(gateway: Gateway) -> None:
    for path in ("/healthz", "/readyz"):
        reply = gateway.call("GET", path)
        assert (reply.status, reply.json) == (200, {"status": "OK"})


def test_zero_values_are_printed_and_names_kept(gateway: Gateway) -> None:
    product = gateway.call("GET", PRODUCT).json
    assert product["id"] == "1"
    assert product["stock"] == 0
    assert product["vendor_id"] == "0"


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "reason", "text"),
    [
        ("GET", "/nowhere", None, 404, "METHOD_UNKNOWN", "GET /nowhere"),
        ("POST", PRODUCT, "{}", 405, "METHOD_UNKNOWN", "POST"),
        ("GET", "/api/v1/products/404", None, 404, "PRODUCT_NOT_FOUND", "no product 404"),
        ("GET", "/api/v1/products/abc", None, 400, "INVALID_FIELD", "product_id"),
        ("GET", PRODUCT + "?bogus=1", None, 400, "INVALID_FIELD", "bogus"),
        ("GET", "/api/v1/orders/1/track?bogus=1", None, 400, "INVALID_FIELD", "bogus"),
        ("GET", "/api/v1/orders/404/track", None, 404, "ORDER_NOT_FOUND", "no order"),
        ("POST", "/api/v1/products", "{bad", 400, "MALFORMED_REQUEST", "cannot be read"),
        ("POST", "/api/v1/products", '{"name": 5}', 400, "INVALID_FIELD", "name"),
        ("POST", "/api/v1/products", b'{"name":"\xff"}', 400, "MALFORMED_REQUEST", "UTF-8"),
        ("POST", "/api/v1/products", "x" * 1_048_577, 413, "REQUEST_TOO_LARGE", "1048576 bytes"),
        ("GET", "/api/v1/products/a%2Fb", None, 400, "MALFORMED_REQUEST", "malformed"),
        ("GET", "/api/v1/products/%00", None, 400, "MALFORMED_REQUEST", "malformed"),
        ("GET", "/api/v1/products/504", None, 504, "DEADLINE", "too long"),
        ("POST", "/api/v1/products", '{"name": "die"}', 503, "UNAVAILABLE_NOW", "request_id"),
        ("POST", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "", 404, "METHOD_UNKNOWN", ""),
    ],
)
def test_every_error_is_a_status(
    gateway: Gateway, verb: str, path: str, body: str | None, status: int, reason: str, text: str
) -> None:
    reply = gateway.call(verb, path, body)
    assert reply.status == status
    assert reply.json["details"][0]["reason"] == reason
    assert reply.json["details"][0]["domain"] == "sanset"
    assert grpc.StatusCode[reply.json["status"]].value[0] == reply.json["code"]
    assert text in reply.json["message"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/nowhere", None, "GET /nowhere gibt es nicht. Die Pfade stehen unter /docs und in /openapi.json."),
        ("/api/v1/products", "x" * 1_048_577, "Der Inhalt ist größer als 1048576 Bytes."),
        (
            "/api/v1/products/%00",
            None,
            "Die Anfragezeile oder ein Header ist fehlerhaft (path_normalization_failed).",
        ),
    ],
)
def test_what_envoy_refuses_is_in_the_callers_language(
    gateway: Gateway, path: str, body: str | None, text: str
) -> None:
    verb = "GET" if body is None else "POST"
    reply = gateway.call(verb, path, body, accept_language="fr, de-AT;q=0.9, en;q=0.1").json
    localized = {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": "de",
        "message": text,
    }
    assert localized in reply["details"]
    assert reply["message"].isascii()
    english = gateway.call(verb, path, body, accept_language="en, de;q=0.5").json
    assert english["message"] == reply["message"]
    assert "LocalizedMessage" not in str(english["details"])


@pytest.mark.parametrize(
    ("path", "media_type", "text"),
    [
        ("/openapi.json", "application/json", b'"openapi": "3.1.0"'),
        ("/docs", "text/html; charset=utf-8", b"/docs/start.js"),
        ("/docs/start.js", "application/javascript; charset=utf-8", b"/openapi.json"),
        ("/docs/swagger-ui-bundle.js", "application/javascript; charset=utf-8", b"SwaggerUIBundle"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8", b".swagger-ui"),
        ("/redoc/", "text/html; charset=utf-8", b"/redoc/start.js"),
        ("/redoc/start.js", "application/javascript; charset=utf-8", b"/openapi.json"),
        ("/redoc/redoc.standalone.js", "application/javascript; charset=utf-8", b"Redoc"),
    ],
)
def test_the_documentation_is_served_from_the_shop_alone(
    gateway: Gateway, path: str, media_type: str, text: bytes
) -> None:
    reply = gateway.call("GET", path)
    assert (reply.status, reply.headers["content-type"]) == (200, media_type)
    assert text in reply.body
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert reply.headers["x-content-type-options"] == "nosniff"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert gateway.call("GET", path, accept_encoding="br").headers.get("content-encoding") == (
        "br" if len(reply.body) >= 1024 else None
    )
    assert gateway.call("HEAD", path).headers["content-type"] == media_type
    assert gateway.call("POST", path, "{}").status == 404


def test_no_other_file_is_served(gateway: Gateway) -> None:
    for path in ("/docs/..%2fconfig.py", "/docs/config.py", "/docs/../../config.py", "/redoc/docs.js"):
        assert gateway.call("GET", path).status in (400, 404)


def test_a_file_of_the_pages_is_sent_as_the_build_left_it_and_kept_by_its_name(gateway: Gateway) -> None:
    plain = gateway.call("GET", "/assets/app-1a2b.js")
    assert (plain.status, plain.body) == (200, PAGES["assets/app-1a2b.js"])
    assert plain.headers["content-type"] == "application/javascript; charset=utf-8"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    for accepted in ("br", "gzip, deflate, br, zstd", "br;q=1.0, gzip"):
        small = gateway.call("GET", "/assets/app-1a2b.js", accept_encoding=accepted)
        assert (small.headers["content-encoding"], small.body) == ("br", PAGES["assets/app-1a2b.js.br"])
        assert "accept-encoding" in small.headers["vary"].lower()
    assert (
        gateway.call("GET", "/assets/app-1a2b.js", accept_encoding="brotli").headers.get("content-encoding")
        is None
    )
    icon = gateway.call("GET", "/favicon.svg")
    assert (icon.headers["content-type"], icon.headers["cache-control"]) == (
        "image/svg+xml",
        "public, max-age=3600",
    )


def test_the_page_is_shown_to_browsers_wherever_nothing_else_is(gateway: Gateway) -> None:
    for path in ("/", "/p/a-cup", "/search?q=cup", "/orders/7"):
        reply = gateway.call("GET", path, accept="text/html,application/xhtml+xml,*/*;q=0.8")
        assert (reply.status, reply.body) == (200, PAGES["index.html"])
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert reply.headers["cache-control"] == "no-cache"
        policy = reply.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert gateway.call("HEAD", path, accept="text/html").status == 200
    etag = reply.headers["etag"]
    again = gateway.call("GET", "/", accept="text/html", if_none_match=etag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert gateway.call("GET", "/", accept="text/html", if_none_match='"other"').status == 200


def test_a_browser_that_opens_the_link_of_a_mail_is_sent_to_a_page(gateway: Gateway) -> None:
    path = "/api/v1/auth/verify-email/a-token"
    reply = gateway.call("GET", path, accept="text/html,*/*;q=0.8")
    assert reply.status == 303
    assert reply.headers["location"].endswith("/verify-email/a-token")
    assert gateway.call("GET", path, accept="application/json").headers["content-type"] == "application/json"


def test_the_console_is_a_page_of_its_own_below_its_address(gateway: Gateway) -> None:
    for path in ("/console", "/console/", "/console/coupons/7", "/console?next=1"):
        reply = gateway.call("GET", path, accept="text/html")
        assert (reply.status, reply.body) == (200, PAGES["console/index.html"])
        assert reply.headers["cache-control"] == "no-cache"
        policy = reply.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';" in policy
        assert "unsafe" not in policy
    again = gateway.call("GET", "/console", accept="text/html", if_none_match=reply.headers["etag"])
    assert again.status == 304
    for path in ("/consoles", "/"):
        assert gateway.call("GET", path, accept="text/html").body == PAGES["index.html"]
    script = gateway.call("GET", "/console/assets/app-3c4d.js")
    assert script.body == PAGES["console/assets/app-3c4d.js"]
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert gateway.call("GET", "/console/assets/none.js").status == 404


def test_programs_and_the_api_get_no_page(gateway: Gateway) -> None:
    html = "text/html"
    assert gateway.call("GET", "/nowhere").json["status"] == "UNIMPLEMENTED"
    assert gateway.call("POST", "/", "{}", accept=html).status == 404
    assert gateway.call("GET", PRODUCT, accept=html).json["id"] == "1"
    assert gateway.call("GET", "/api/v1/nothing", accept=html).headers["content-type"] == "application/json"
    assert b"/docs/start.js" in gateway.call("GET", "/docs", accept=html).body
    for path in ("/assets/app-1a2b.js.br", "/assets/..%2findex.html", "/assets/other.js"):
        assert gateway.call("GET", path).status in (400, 404)


def test_too_many_or_too_large_headers_are_431(gateway: Gateway) -> None:
    for headers in ({"a": "x" * 40_000}, {f"h{number}": "1" for number in range(150)}):
        assert gateway.call("GET", PRODUCT, **headers).status == 431


def test_forged_headers_reach_no_worker(gateway: Gateway) -> None:
    reply = gateway.call(
        "GET",
        PRODUCT,
        x_user_id="1",
        x_forwarded_for="1.2.3.4",
        x_envoy_external_address="1.2.3.4",
        x_envoy_upstream_rq_timeout_ms="1",
        x_envoy_original_path="/admin",
        x_sanset_seconds="3600",
        x_odd_bin="!!!",
        grpc_timeout="1H",
        cookie="session=1",
        x_request_id="mine",
        authorization="Bearer token",
        **{"a*b": "no name in gRPC"},
    )
    seen = json.loads(reply.json["description"])
    assert seen["authorization"] == "Bearer token"
    assert seen["x-request-id"] == reply.headers["x-request-id"] == "mine"
    assert seen["x-envoy-original-path"] == PRODUCT
    assert seen["x-sanset-seconds"] == "1.500"
    assert 1.5 < float(seen["deadline"]) <= 3.5
    assert "1.2.3.4" not in json.dumps(seen)
    assert not {"x-user-id", "x-odd-bin", "a*b", "cookie"} & seen.keys()
    with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
        raw.sendall(f"GET {PRODUCT} HTTP/1.1\r\nHost: a\r\nx_user_id: 1\r\n\r\n".encode())
        assert b" 400 " in raw.recv(100)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", f"{ORIGIN}.evil.example", "null", "http://localhost"]
)
def test_only_listed_origins_may_read(gateway: Gateway, origin: str) -> None:
    for verb, expected in (("GET", ORIGIN), ("OPTIONS", ORIGIN)):
        for asked, allowed in ((ORIGIN, expected), (origin, None)):
            reply = gateway.call(verb, PRODUCT, origin=asked, access_control_request_method="GET")
            assert reply.headers.get("access-control-allow-origin") == allowed


def test_pages_may_send_and_read_the_headers_of_the_api_and_those_that_are_set(gateway: Gateway) -> None:
    preflight = gateway.call(
        "OPTIONS",
        PRODUCT,
        origin=ORIGIN,
        access_control_request_method="PATCH",
        access_control_request_headers="authorization,if-match,idempotency-key,traceparent",
    )
    allowed = set(preflight.headers["access-control-allow-headers"].split(", "))
    assert {"authorization", "if-match", "if-none-match", "idempotency-key", "last-event-id"} <= allowed
    assert {"traceparent", "tracestate", "baggage", "sentry-trace", "x-requested-with"} <= allowed
    exposed = gateway.call("GET", PRODUCT, origin=ORIGIN).headers["access-control-expose-headers"]
    assert {"x-request-id", "etag", "retry-after", "www-authenticate"} <= set(exposed.split(", "))


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_large_replies_are_compressed_and_streams_are_not(gateway: Gateway, coding: str) -> None:
    assert (
        gateway.call("GET", "/api/v1/products/7", accept_encoding=coding).headers["content-encoding"]
        == coding
    )
    for path in (PRODUCT.replace("1", "2"), "/api/v1/orders/2/track"):
        assert "content-encoding" not in gateway.call("GET", path, accept_encoding=coding).headers


@pytest.mark.parametrize(
    ("accept", "media_type", "start"),
    [
        ("*/*", "application/x-ndjson", b'{"heartbeat"'),
        ("text/event-stream", "text/event-stream", b'data: {"heartbeat"'),
    ],
)
def test_a_stream_arrives_as_it_happens(gateway: Gateway, accept: str, media_type: str, start: bytes) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/api/v1/orders/10/track", headers={"Accept": accept}
    )
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=20) as reply:
        assert reply.headers["content-type"] == media_type
        assert reply.readline().startswith(start)
        assert time.monotonic() - began < 1
        rest = reply.read()
    assert rest.count(start) == 9
    assert time.monotonic() - began > 1.8  # longer than a call's deadline: streams have none


def test_a_stream_of_grpc_web_outlives_the_deadline_of_calls(gateway: Gateway) -> None:
    message = tracking_pb2.TrackOrderRequest(
        order_id=20
    ).SerializeToString()  # 20 heartbeats, in four seconds
    framed = b"\0" + struct.pack(">I", len(message)) + message
    path = "/sanset.v1.OrderService/TrackOrder"
    rest = gateway.call("POST", path, framed, content_type="application/grpc-web+proto").body
    heartbeats = 0
    while rest[0] == 0:
        (length,) = struct.unpack(">I", rest[1:5])
        heartbeats += tracking_pb2.TrackOrderResponse.FromString(rest[5 : 5 + length]).HasField("heartbeat")
        rest = rest[5 + length :]
    assert heartbeats == 20
    assert b"grpc-status:0" in rest.replace(b" ", b"")


def test_a_step_has_its_sequence_as_the_id_of_its_event(gateway: Gateway) -> None:
    reply = gateway.call("GET", "/api/v1/orders/33/track", accept="text/event-stream")
    events = [event.splitlines() for event in reply.body.decode().split("\n\n") if event]
    assert [
        (event[0], json.loads(event[1].removeprefix("data: "))["event"]["sequence"]) for event in events
    ] == [(f"id: {sequence}", sequence) for sequence in (1, 2, 3)]


def test_what_the_catalogue_tells_anyone_may_be_kept_and_asked_for_again(gateway: Gateway) -> None:
    path = "/api/v1/products/7"
    first = gateway.call("GET", path, x_request_id="same")
    assert first.headers["cache-control"] == "public, max-age=5"
    assert {"authorization", "origin", "accept-encoding"} <= set(first.headers["vary"].split(", "))
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    for coding in ("identity", "br", "gzip"):
        whole = gateway.call("GET", path, accept_encoding=coding, x_request_id="same")
        assert (whole.status, whole.headers["etag"]) == (200, tag)
    for sent in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        for verb in ("GET", "HEAD"):
            same = gateway.call(verb, path, if_none_match=sent, accept_encoding="br")
            assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
            assert same.headers["cache-control"] == "public, max-age=5"
            assert same.headers["content-length"] == "0"
            assert "content-type" not in same.headers
    head = gateway.call("HEAD", path, if_none_match='"other"')
    assert (head.status, head.headers["etag"], head.body) == (200, tag, b"")
    assert head.headers["content-length"] == str(len(first.body))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/products/404", {}),
        ("/api/v1/products/7", {"authorization": "Bearer token"}),
        ("/api/v1/products/trending", {}),  # as a path, it could be that of a product
        ("/api/v1/users/me", {}),
    ],
)
def test_refusals_and_what_depends_on_the_caller_are_kept_by_nobody(
    gateway: Gateway, path: str, headers: dict[str, str]
) -> None:
    for verb in ("GET", "HEAD"):
        reply = gateway.call(verb, path, if_none_match="*", **headers)
        assert reply.status != 304
        assert reply.headers["cache-control"] == "no-store"
        assert "etag" not in reply.headers


UNHEALTHY_THRESHOLD = 2
"""As in envoy.yaml."""
EXPORT = "/api/v1/admin/export/orders"


@pytest.mark.parametrize("form", ["CSV", "XLSX"])
def test_an_export_that_fails_half_way_is_a_broken_transfer(gateway: Gateway, form: str) -> None:
    path = f"{EXPORT}?format={form}"
    whole, by_http_2 = gateway.call("GET", path), raw_http2.get(gateway.port, path)
    assert (by_http_2.body, by_http_2.is_complete) == (whole.body, True)
    with pytest.raises(http.client.IncompleteRead):
        gateway.call("GET", path, x_then="fail")
    assert not raw_http2.get(gateway.port, path, x_then="fail").is_complete


def test_an_export_of_a_worker_that_dies_is_a_broken_transfer(tmp_path: Path) -> None:
    for shop in _running(tmp_path, workers=2):
        with pytest.raises(http.client.IncompleteRead):
            shop.call("GET", EXPORT, x_then="die")
        assert not raw_http2.get(shop.port, EXPORT, x_then="die").is_complete


def test_an_export_that_fails_half_way_tells_native_callers_why(
    gateway: Gateway, channel: grpc.Channel
) -> None:
    _until(lambda: _healthy_workers(gateway) == 2)  # an earlier test may have killed one
    orders = order_service_pb2_grpc.OrderServiceStub(channel)
    request = order_service_pb2.ExportOrdersRequest()
    pieces = orders.ExportOrders(request, metadata=(("x-then", "fail"),), timeout=20)
    assert len([next(pieces) for _ in range(3)]) == 3
    with pytest.raises(grpc.RpcError) as failed:
        next(pieces)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


def test_native_calls_pass_with_their_own_deadline_and_status(channel: grpc.Channel) -> None:
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    reply = catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), timeout=1)
    assert 0.5 < float(json.loads(reply.description)["deadline"]) <= 1.1  # gRPC rounds up
    reply = catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), timeout=3600)
    assert float(json.loads(reply.description)["deadline"]) <= 60.1
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as refused:  # longer than the default, as the caller asked
        catalog.GetProduct(product_pb2.GetProductRequest(product_id=504), timeout=3)
    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began > 2.8
    with pytest.raises(grpc.RpcError) as refused:
        catalog.GetProduct(product_pb2.GetProductRequest(product_id=404))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert "grpc-status-details-bin" in dict(refused.value.trailing_metadata())
    with pytest.raises(grpc.RpcError) as refused:
        catalog.CreateProduct(product_pb2.CreateProductRequest(product={"description": "x" * 5_000_000}))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    orders = order_service_pb2_grpc.OrderServiceStub(channel)
    assert len(list(orders.TrackOrder(tracking_pb2.TrackOrderRequest(order_id=2)))) == 2


def test_what_is_no_service_is_refused_at_once(channel: grpc.Channel) -> None:
    for method in ("/grpc.reflection.v2.ServerReflection/ServerReflectionInfo", "/nobody.Knows/This"):
        with pytest.raises(grpc.RpcError) as refused:
            channel.stream_unary(method)(iter([b""]), timeout=20)
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert _details(refused.value) == ("METHOD_UNKNOWN", 0)
    with pytest.raises(grpc.RpcError) as refused:
        channel.stream_unary("/nobody.Knows/This")(
            iter([b""]), timeout=20, metadata=[("accept-language", "de")]
        )
    assert _details(refused.value) == ("METHOD_UNKNOWN", 0)
    status = rpc_status.from_call(refused.value)
    assert status is not None
    localized = error_details_pb2.LocalizedMessage()
    assert any(detail.Unpack(localized) for detail in status.details)
    assert localized.message.startswith("Diese Methode gibt es nicht.")


def test_the_health_of_the_shop_is_answered_natively(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    assert health.Check(health_pb2.HealthCheckRequest()).status == serving
    watching = health.Watch(health_pb2.HealthCheckRequest())
    assert next(watching).status == serving
    watching.cancel()


def test_metadata_that_is_too_much_refuses_its_own_call_only(channel: grpc.Channel) -> None:
    catalog, orders = (
        catalog_pb2_grpc.CatalogServiceStub(channel),
        order_service_pb2_grpc.OrderServiceStub(channel),
    )
    following = orders.TrackOrder(tracking_pb2.TrackOrderRequest(order_id=8))
    next(following)
    # A worker's limit holds on a connection of the gateway's from its second call on, when it was agreed upon.
    for _ in range(20):
        catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), timeout=5)
    for size in (33_000, 70_000, 100_000):
        with pytest.raises(grpc.RpcError):
            catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), metadata=(("a", "x" * size),))
        assert catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), timeout=5).id == 1
    assert len(list(following)) == 7


def test_a_call_that_is_too_much_for_a_worker_is_not_handed_to_the_next(gateway: Gateway) -> None:
    _until(lambda: _healthy_workers(gateway) == 2)
    failures = _failed_checks(gateway)
    reply = gateway.call("GET", "/api/v1/products/86")
    # On a busy machine the worker may be taken for dead before the call's time is over: then the next may have it
    may_be_taken_for_dead = _failed_checks(gateway) - failures >= UNHEALTHY_THRESHOLD
    reason = reply.json["details"][0]["reason"]
    assert (reply.status, reason) in {(504, "DEADLINE"), (503, "UNAVAILABLE_NOW")}
    assert may_be_taken_for_dead or reply.status == 504
    assert may_be_taken_for_dead or len(list(gateway.directory.glob("busy-*"))) == 1
    _until(lambda: _healthy_workers(gateway) == 2)


def test_a_read_of_a_stopped_worker_is_answered_by_another(tmp_path: Path) -> None:
    for shop in _running(tmp_path, default_deadline_seconds=15):
        _until(lambda shop=shop: _healthy_workers(shop) == 2)
        stopped = next(pid for pid in _worker_pids(shop) if pid)
        os.kill(stopped, signal.SIGSTOP)
        try:
            assert {shop.call("GET", PRODUCT).status for _ in range(6)} == {200}
        finally:
            os.kill(stopped, signal.SIGCONT)


def test_workers_listen_on_this_machine_alone(gateway: Gateway) -> None:
    listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line}
    listening |= {
        line.split()[1] for line in Path("/proc/net/tcp6").read_text().splitlines() if " 0A " in line
    }
    for worker in gateway.state["workers"]:
        where = {address for address in listening if address.endswith(f":{worker['port']:04X}")}
        assert where
        assert all(address.split(":")[0].endswith("0100007F") for address in where)  # as IPv6 writes it, too


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_every_version_of_http_1_is_spoken(gateway: Gateway, version: str) -> None:
    for path in ("/readyz", "/healthz", PRODUCT):
        request = f"GET {path} HTTP/{version}\r\nHost: shop\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
            connection.sendall(request.encode())
            assert b" 200 " in connection.recv(100).split(b"\r\n")[0]


def test_a_slash_at_the_end_of_a_path_means_nothing(gateway: Gateway) -> None:
    assert gateway.call("GET", f"{PRODUCT}/").json["id"] == "1"
    events = gateway.call("GET", "/api/v1/orders/10/track/", accept="text/event-stream")
    assert events.headers["content-type"] == "text/event-stream"
    assert events.body.count(b"data: ") == 10


def test_the_caller_is_known_by_its_address_even_on_this_machine(gateway: Gateway) -> None:
    seen = json.loads(gateway.call("GET", PRODUCT, x_sanset_address="9.9.9.9").json["description"])
    assert seen["x-sanset-address"] == "127.0.0.1"
    assert not {"x-forwarded-for", "x-envoy-external-address"} & seen.keys()


@pytest.mark.parametrize(
    ("hops", "sent", "seen"),
    [
        (0, "8.8.8.1", "127.0.0.1"),
        (1, "8.8.8.1", "8.8.8.1"),
        (1, "6.6.6.6, 8.8.8.1", "8.8.8.1"),
        (1, None, "127.0.0.1"),
        (2, "6.6.6.6, 8.8.8.1, 10.0.0.1", "8.8.8.1"),
        (2, "2001:db8::1, 10.0.0.1", "2001:db8::1"),
    ],
)
def test_behind_proxies_the_caller_is_whom_the_nearest_of_them_name(
    proxied: dict[int, Gateway], hops: int, sent: str | None, seen: str
) -> None:
    headers = {"x_forwarded_for": sent} if sent else {}
    reply = proxied[hops].call("GET", PRODUCT, x_forwarded_host="evil.example", **headers)
    metadata = json.loads(reply.json["description"])
    assert metadata["x-sanset-address"] == seen
    assert "x-forwarded-host" not in metadata


@pytest.fixture(scope="module")
def proxied(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Gateway]]:
    """Shops behind no proxy, one and two."""
    with ExitStack() as running:
        behind = contextmanager(_running)
        yield {0: gateway} | {
            hops: running.enter_context(
                behind(tmp_path_factory.mktemp("proxied"), trusted_proxy_hops=hops, workers=1)
            )
            for hops in (1, 2)
        }


def test_callers_behind_a_proxy_have_a_limit_each(tmp_path: Path) -> None:
    for limited in _running(tmp_path, trusted_proxy_hops=1, rate_limit=3, workers=1):
        for client in ("8.8.8.1", "8.8.8.2"):
            replies = [
                limited.call("GET", PRODUCT, x_forwarded_for=f"9.9.9.{n}, {client}").status for n in range(5)
            ]
            assert replies == [200] * 3 + [429] * 2


def test_the_proxy_protocol_names_the_caller_where_it_is_spoken(tmp_path: Path) -> None:
    for shop in _running(tmp_path, proxy_protocol=True, rate_limit=3, workers=1):
        for client in ("8.8.8.1", "8.8.8.2"):
            answers = [_proxied(shop.port, client) for _ in range(4)]
            assert [status for status, _ in answers] == [200] * 3 + [429]
            assert json.loads(answers[0][1]["description"])["x-sanset-address"] == client
        assert shop.call("GET", "/readyz").status == 200, "health checks come without"


def _proxied(port: int, client: str) -> tuple[int, Any]:
    """Call as a balancer does that passes a connection of `client` on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    connection.sock.sendall(f"PROXY TCP4 {client} 127.0.0.1 4711 {port}\r\n".encode())
    connection.request("GET", PRODUCT, headers={"x-forwarded-for": "9.9.9.9"})
    with connection.getresponse() as reply:
        answer = reply.status, json.load(reply)
    connection.close()
    return answer


def test_both_doors_count_together(tmp_path: Path) -> None:
    for limited in _running(tmp_path, rate_limit=4, workers=1):
        assert [limited.call("GET", PRODUCT).status for _ in range(3)] == [200] * 3
        with grpc.insecure_channel(f"127.0.0.1:{limited.grpc_port}") as native:
            catalog = catalog_pb2_grpc.CatalogServiceStub(native)
            catalog.GetProduct(product_pb2.GetProductRequest(product_id=1))
            with pytest.raises(grpc.RpcError) as refused:
                catalog.GetProduct(product_pb2.GetProductRequest(product_id=1))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert _details(refused.value) == ("RATE_LIMITED", 15)
        assert limited.call("GET", PRODUCT).status == 429
        guess = limited.call("POST", "/api/v1/auth/login/", "{}", authorization="Bearer x")
        assert guess.status == 429, "a slash raises no limit"


def test_ipv6_and_ipv4_are_listened_on_together(tmp_path: Path) -> None:
    for shop in _running(tmp_path, host="::", workers=1):
        for host in ("127.0.0.1", "[::1]"):
            for port in (shop.port, shop.grpc_port):
                with urllib.request.urlopen(f"http://{host}:{port}{PRODUCT}", timeout=20) as reply:
                    seen = json.loads(json.load(reply)["description"])
                assert seen["x-sanset-address"] == host.strip("[]")


@dataclass
class Encrypted:
    """A shop that speaks TLS, and knows back ends by their certificates."""

    shop: Gateway
    own: Certificate
    authority: Authority
    back_end: Certificate

    def credentials(self, client: Certificate | None = None) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(
            self.authority.certificate.read_bytes(),
            client and client.key.read_bytes(),
            client and client.certificate.read_bytes(),
        )

    def call(self, path: str = PRODUCT) -> int:
        """The status of a call as a browser makes it."""
        trusting = ssl.create_default_context(cafile=str(self.authority.certificate))
        connection = http.client.HTTPSConnection("localhost", self.shop.port, timeout=20, context=trusting)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def serial(self) -> int:
        """The number of the certificate that a new connection is shown."""
        shown = ssl.get_server_certificate(("localhost", self.shop.port), timeout=20)
        return load_pem_x509_certificate(shown.encode()).serial_number


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    directory = tmp_path_factory.mktemp("tls")
    issuer, clients = authority(directory / "authority"), authority(directory / "clients", "clients")
    own, back_end = issuer.issue(directory / "own", "localhost"), clients.issue(directory / "back-end", "erp")
    files = {
        "tls_cert_file": own.certificate,
        "tls_key_file": own.key,
        "tls_client_ca_file": clients.certificate,
    }
    settings = {name: str(file) for name, file in files.items()}
    for shop in _running(directory / "shop", **settings, workers=1):
        yield Encrypted(shop, own, issuer, back_end)


def test_both_ports_speak_tls_and_nothing_else(encrypted: Encrypted) -> None:
    assert encrypted.call() == 200
    credentials = tls(
        ca_file=encrypted.authority.certificate,
        certificate_file=encrypted.back_end.certificate,
        key_file=encrypted.back_end.key,
    )
    with Client(f"localhost:{encrypted.shop.grpc_port}", credentials=credentials) as client:
        assert client.catalog.get_product(product_id=1).id == 1
    with pytest.raises((OSError, http.client.HTTPException)):
        encrypted.shop.call("GET", PRODUCT)


def test_who_shows_no_client_certificate_is_told_so_and_one_of_strangers_is_not_let_in(
    encrypted: Encrypted, tmp_path: Path
) -> None:
    stranger = authority(tmp_path / "authority", "clients").issue(tmp_path / "stranger", "erp")
    for client, code in ((None, "PERMISSION_DENIED"), (stranger, "UNAVAILABLE")):
        target = f"localhost:{encrypted.shop.grpc_port}"
        with grpc.secure_channel(target, encrypted.credentials(client)) as native:
            catalog = catalog_pb2_grpc.CatalogServiceStub(native)
            with pytest.raises(grpc.RpcError) as refused:
                catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), timeout=20)
        assert refused.value.code().name == code
        if client is None:
            assert _details(refused.value) == ("CLIENT_CERTIFICATE_MISSING", 0)
            assert refused.value.details() == ClientCertificateMissing.message


def test_a_renewed_certificate_is_shown_and_no_stream_ends(encrypted: Encrypted, tmp_path: Path) -> None:
    before = encrypted.serial()
    renewed = encrypted.authority.issue(tmp_path, "localhost")
    target = f"localhost:{encrypted.shop.grpc_port}"
    with grpc.secure_channel(target, encrypted.credentials(encrypted.back_end)) as native:
        orders = order_service_pb2_grpc.OrderServiceStub(native)
        following = orders.TrackOrder(tracking_pb2.TrackOrderRequest(order_id=10), timeout=60)
        next(following)
        shutil.copy(renewed.certificate, encrypted.own.certificate)
        shutil.copy(renewed.key, encrypted.own.key)
        _until(lambda: encrypted.serial() != before)
        assert not following.done()
        assert len(list(following)) == 9
    assert encrypted.call() == 200


def test_client_certificates_may_be_demanded_on_both_ports_but_not_of_who_asks_for_health(
    encrypted: Encrypted, tmp_path: Path
) -> None:
    tls_settings = {
        name: value for name, value in encrypted.shop.arguments.items() if name.startswith("tls_")
    }
    for shop in _running(tmp_path / "shop", **tls_settings, tls_client_ports="both", workers=1):
        both = replace(encrypted, shop=shop)
        assert [both.call(path) for path in (PRODUCT, "/readyz", "/healthz")] == [403, 200, 200]


def test_no_secret_is_written_to_the_gateways_log_at_any_level(tmp_path: Path) -> None:
    for shop in _running(tmp_path, log_level="debug", edge_token="edge-secret-of-this-start", workers=1):
        secrets = {"authorization": "Bearer bearer-secret", "x_cart_token": "cart-secret"}
        for path in (PRODUCT, "/nowhere", "/api/v1/products/504", f"{PRODUCT}?token=query-secret"):
            shop.call("GET", path, **secrets)
        log = (tmp_path / "log" / "envoy.log").read_text()
    assert "starting" in log
    for secret in ("edge-secret", "bearer-secret", "cart-secret", "query-secret"):
        assert secret not in log


def test_a_gateway_leaves_nothing_in_shared_memory(gateway: Gateway) -> None:
    maps = Path(f"/proc/{gateway.state['envoy']['pid']}/maps").read_text()
    assert "/dev/shm" not in maps


def test_grpc_web_is_spoken(gateway: Gateway) -> None:
    message = product_pb2.GetProductRequest(product_id=1).SerializeToString()
    framed = b"\0" + struct.pack(">I", len(message)) + message
    path = "/sanset.v1.CatalogService/GetProduct"
    reply = gateway.call("POST", path, framed, content_type="application/grpc-web+proto")
    assert reply.headers["content-type"] == "application/grpc-web+proto"
    (length,) = struct.unpack(">I", reply.body[1:5])
    assert product_pb2.Product.FromString(reply.body[5 : 5 + length]).id == 1
    assert b"grpc-status:0" in reply.body[5 + length :].replace(b" ", b"")


def test_reads_survive_a_worker_that_dies_under_them(gateway: Gateway) -> None:
    for _ in range(3):
        before = _worker_pids(gateway)
        _until(lambda: _healthy_workers(gateway) == 2)
        assert gateway.call("POST", "/api/v1/products", '{"name": "die"}').status == 503
        assert [gateway.call("GET", PRODUCT).status for _ in range(30)] == [200] * 30
        _until(lambda before=before: _worker_pids(gateway) - before - {None})


def test_the_admin_port_shows_and_does_nothing(gateway: Gateway) -> None:
    admin = _admin(gateway)
    assert admin.call("GET", "/ready").status == 200
    for path in ("/quitquitquit", "/logging?level=trace", "/healthcheck/fail", "/config_dump"):
        assert admin.call("POST", path).status == 403


def _status_from(address: str, port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, source_address=(address, 0))
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_each_address_has_its_limit(tmp_path: Path) -> None:
    for limited in _running(tmp_path, rate_limit=5, rate_limit_signed_in=12, rate_limit_search=2):
        anonymous = [limited.call("GET", PRODUCT, x_forwarded_for=f"8.8.8.{n}").status for n in range(8)]
        assert anonymous == [200] * 5 + [429] * 3
        limits = [limited.call("GET", PRODUCT, authorization="Bearer x").headers for _ in range(2)]
        assert [(each["x-ratelimit-limit"], each["x-ratelimit-remaining"]) for each in limits] == [
            ("12", "11"),
            ("12", "10"),
        ]
        signed_in = [limited.call("GET", PRODUCT, authorization="Bearer x").status for _ in range(12)]
        assert signed_in == [200] * 10 + [429] * 2
        guess = limited.call("POST", "/api/v1/auth/log%69n?a=b", "{}", authorization="Bearer x")
        assert guess.status == 429, "a token raises no limit where passwords are tried"
        refused = limited.call("GET", PRODUCT, origin=ORIGIN)
        assert refused.json["code"] == 8
        assert refused.json["details"][0]["reason"] == "RATE_LIMITED"
        assert refused.headers["retry-after"] == refused.headers["x-ratelimit-reset"] == "12"
        assert refused.headers["access-control-allow-origin"] == ORIGIN
        other = http.client.HTTPConnection("127.0.0.1", limited.port, source_address=("127.0.0.5", 0))
        other.request("GET", PRODUCT)
        assert other.getresponse().status == 200
        other.close()
        searches = [_status_from("127.0.0.6", limited.port, f"/api/v1/search?q=tea{n}") for n in range(3)]
        assert [status == 429 for status in searches] == [False, False, True], "searches have a lower limit"
        assert _status_from("127.0.0.6", limited.port, PRODUCT) == 200, "that is of searches alone"
        assert limited.call("GET", "/healthz").status == 200
        reports = {limited.call("POST", "/api/v1/payments/webhook", "{}").status for _ in range(20)}
        assert 429 not in reports, "a payment gateway has a limit of its own"


def test_a_native_call_that_no_worker_answers_is_told_to_try_again(channel: grpc.Channel) -> None:
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        catalog.CreateProduct(product_pb2.CreateProductRequest(product={"name": "die"}), timeout=20)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert _details(refused.value) == ("UNAVAILABLE_NOW", 1)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[Gateway, list[Any]]]:
    """A shop whose worker has as many calls as it takes, and the calls."""
    for shop in _running(tmp_path, workers=1, db_pool_size=1, max_queued_calls=4):
        with grpc.insecure_channel(f"127.0.0.1:{shop.grpc_port}") as native:
            yield shop, _held(shop, native, 5)


def _held(shop: Gateway, channel: grpc.Channel, count: int, at_once: int | None = None) -> list[Any]:
    """Make calls that no worker ever answers, and wait until it has all, or `at_once` of them."""
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    request = product_pb2.GetProductRequest(product_id=99)
    calls = [catalog.GetProduct.future(request, timeout=60) for _ in range(count)]
    _until(lambda: len(list(shop.directory.glob("held-*"))) == (at_once or count))
    return calls


def test_json_beyond_what_the_workers_take_is_refused_at_once_and_told_when_to_return(full: Any) -> None:
    shop, calls = full
    for verb, path, body in (("GET", PRODUCT, None), ("POST", "/api/v1/products", '{"name": "a"}')):
        refused = shop.call(verb, path, body)
        assert (refused.status, refused.json["code"]) == (429, 8)
        assert refused.json["message"] == Overloaded.message
        reason, request, retry = refused.json["details"]
        assert (reason["reason"], reason["domain"]) == ("OVERLOADED", "sanset")
        assert request["request_id"] == refused.headers["x-request-id"]
        assert retry["retry_delay"] == "1s"
        assert refused.headers["retry-after"] == "1"
    assert _retries(shop) == 0
    calls[0].cancel()
    _until(lambda: shop.call("GET", PRODUCT).status == 200)


def test_a_native_call_beyond_what_the_workers_take_is_refused_like_any_other(full: Any) -> None:
    shop, calls = full
    for port in (shop.port, shop.grpc_port):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as native:
            catalog = catalog_pb2_grpc.CatalogServiceStub(native)
            with pytest.raises(grpc.RpcError) as read:
                catalog.GetProduct(product_pb2.GetProductRequest(product_id=1), timeout=20)
            with pytest.raises(grpc.RpcError) as write:
                catalog.CreateProduct(product_pb2.CreateProductRequest(product={"name": "a"}), timeout=20)
        for refused in (read, write):
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert refused.value.details() == Overloaded.message
            assert _details(refused.value) == ("OVERLOADED", 1)
    assert _retries(shop) == 0
    assert not any(call.done() for call in calls)


def test_grpc_web_beyond_what_the_workers_take_is_refused_with_the_details(full: Any) -> None:
    shop, _ = full
    framed = b"\0" + struct.pack(">I", 2) + b"\x08\x01"
    path = "/sanset.v1.CatalogService/GetProduct"
    reply = shop.call("POST", path, framed, content_type="application/grpc-web+proto")
    assert reply.headers["grpc-status"] == "8"
    assert reply.headers["grpc-status-details-bin"]


def test_streams_and_health_checks_need_no_place_among_the_calls(full: Any) -> None:
    shop, _ = full
    for path in ("/readyz", "/healthz", "/api/v1/orders/2/track"):
        assert shop.call("GET", path).status == 200
    with grpc.insecure_channel(f"127.0.0.1:{shop.grpc_port}") as native:
        health = health_pb2_grpc.HealthStub(native).Check(health_pb2.HealthCheckRequest(), timeout=20)
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        orders = order_service_pb2_grpc.OrderServiceStub(native)
        assert len(list(orders.TrackOrder(tracking_pb2.TrackOrderRequest(order_id=2), timeout=20))) == 2


def test_one_connection_leaves_room_for_the_calls_of_others(tmp_path: Path) -> None:
    for shop in _running(tmp_path, workers=1, db_pool_size=1, max_queued_calls=119):
        with grpc.insecure_channel(f"127.0.0.1:{shop.grpc_port}") as greedy:
            calls = _held(shop, greedy, 150, at_once=100)
            assert {shop.call("GET", PRODUCT).status for _ in range(5)} == {200}
            for call in calls:
                call.cancel()


def _retries(shop: Gateway) -> int:
    stats = _admin(shop).call("GET", "/stats?filter=cluster.workers.upstream_rq_retry$").body
    return int(stats.split()[-1])


def _details(error: grpc.RpcError) -> tuple[str, int]:
    """The reason of a refusal, and the seconds to wait."""
    status = rpc_status.from_call(error)
    assert status is not None
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(retry)
    assert info.domain == "sanset"
    return info.reason, retry.retry_delay.seconds


def _worker_pids(gateway: Gateway) -> set[int | None]:
    return {worker["pid"] for worker in gateway.state["workers"]}


def _healthy_workers(gateway: Gateway) -> int:
    return _admin(gateway).call("GET", "/clusters").body.count(b"health_flags::healthy")


def _failed_checks(gateway: Gateway) -> int:
    """How often a worker did not answer that it is well, ever: unlike its health it does not come back."""
    name = b"cluster.workers.health_check.failure: "
    stats = _admin(gateway).call("GET", "/stats?filter=health_check.failure").body
    return next(int(line.removeprefix(name)) for line in stats.splitlines() if line.startswith(name))


def _admin(gateway: Gateway) -> Gateway:
    return Gateway(gateway.state["envoy"]["admin_port"], 0, gateway.directory)


def _until(holds: Any) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)
