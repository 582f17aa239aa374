"""The gateway's configuration: what is filled in, and that it knows every service, stream and reason."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from sanset.v1 import access_pb2, errors_pb2

from server import paging
from server.contract import FILES_A_MINUTE, REPORTS_A_MINUTE
from server.process.envoy import config as envoy
from server.settings import Settings

TRANSCODER = "envoy.filters.http.grpc_json_transcoder"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(_env_file=None, environment="test", rate_limit=120)


@pytest.fixture(scope="module")
def values(settings: Settings) -> dict[str, str]:
    return envoy.values(settings, 9901, [50061, 50062])


@pytest.fixture(scope="module")
def rendered(values: dict[str, str]) -> Any:
    return yaml.safe_load(envoy.render(envoy.TEMPLATE.read_text(), values))


@pytest.fixture(scope="module")
def services() -> list[tuple[str, descriptor_pb2.ServiceDescriptorProto]]:
    files = descriptor_pb2.FileDescriptorSet.FromString(envoy.DESCRIPTOR_SET.read_bytes())
    return [(f"{file.package}.{service.name}", service) for file in files.file for service in file.service]


def test_a_placeholder_that_nobody_fills_in_is_named() -> None:
    with pytest.raises(envoy.GatewayUnusable, match=r"\$\{PROT\} is not known"):
        envoy.render("port: ${PROT}\nhost: ${HOST}", {"PORT": "1", "HOST": "h"})


def test_a_value_that_the_template_dropped_is_named() -> None:
    with pytest.raises(envoy.GatewayUnusable, match=r"\$\{RATE_LIMIT\} is missing"):
        envoy.render("port: ${PORT}", {"PORT": "1", "RATE_LIMIT": "5"})


def test_every_occurrence_is_replaced_and_nothing_else() -> None:
    assert envoy.render("a ${X} b ${X} $Y %REQ(Z)%", {"X": "1"}) == "a 1 b 1 $Y %REQ(Z)%"


def test_the_workers_are_the_endpoints(rendered: Any) -> None:
    (cluster,) = (each for each in rendered["static_resources"]["clusters"] if each["name"] == "workers")
    endpoints = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    addresses = [each["endpoint"]["address"]["socket_address"] for each in endpoints]
    assert addresses == [{"address": "127.0.0.1", "port_value": port} for port in (50061, 50062)]


def test_the_rate_limit_is_off_at_zero_and_else_as_set() -> None:
    off = envoy.values(Settings(_env_file=None, environment="test", rate_limit=0), 1, [2])
    assert off["RATE_LIMIT_PERCENT"] == "0"
    slow = envoy.values(Settings(_env_file=None, environment="test", rate_limit=7), 1, [2])
    assert (slow["RATE_LIMIT_PERCENT"], slow["RATE_LIMIT"]) == ("100", "7")
    assert '"retry-after", "value": "9"' in slow["LOCAL_REPLIES"]


def test_a_host_that_is_no_address_is_refused_by_name() -> None:
    with pytest.raises(envoy.GatewayUnusable, match=r"HOST: no\.such\.host\.invalid"):
        envoy.values(Settings(_env_file=None, environment="test", host="no.such.host.invalid"), 1, [2])


def test_envoy_and_the_descriptor_set_name_the_same_services(rendered: Any, services: Any) -> None:
    declared = {name for name, _ in services if name.startswith("sanset.")}
    transcoders = list(_transcoders(rendered))
    assert len(transcoders) == 2  # JSON, and server-sent events
    for transcoder in transcoders:
        assert set(transcoder["services"]) == declared


def test_every_stream_has_the_routes_of_a_stream_and_no_other_call_has(rendered: Any, services: Any) -> None:
    for name, service in services:
        for method in service.method:
            native = _route(rendered, f"/{name}/{method.name}", "POST", native=True)
            assert native["timeout"] == "0s"
            assert ("max_stream_duration" not in native) == method.server_streaming, method.name
            for verb, path in _bindings(method):
                for sent in (path, f"{path}/"):
                    assert (_route(rendered, sent, verb)["timeout"] == "0s") == method.server_streaming, sent


KNOWS_REPEATS = {"VerifyEmail"}
"""Of what has an effect: links are followed by GET, and a second visit soon after the first gets its reply."""


def test_only_calls_without_side_effects_are_repeated_after_they_were_sent(
    rendered: Any, services: Any
) -> None:
    for name, service in services:
        for method in service.method:
            safe = method.options.idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
            routes = [_route(rendered, f"/{name}/{method.name}", "POST", native=True)]
            routes += [_route(rendered, path, verb) for verb, path in _bindings(method)]
            for route in routes:
                repeated = "reset" in route["retry_policy"]["retry_on"].split(",")
                assert safe or not repeated or method.name in KNOWS_REPEATS, method.name


def test_no_token_raises_the_limit_of_a_call_that_needs_none(rendered: Any, services: Any) -> None:
    for name, service in services:
        for method in service.method:
            public = method.options.Extensions[access_pb2.access].level == access_pb2.AccessRule.PUBLIC
            for path in [f"/{name}/{method.name}", *(path for _, path in _bindings(method))]:
                for sent in (path, path + "?a=b", *_slashed(path)):
                    expected = ["anonymous"] if public else ["signed_in"]
                    if method.name == "ReceivePaymentWebhook":
                        expected = ["machine"]
                    if method.name == "GetMediaFile":
                        expected = ["file"]
                    if method.name == "SearchProducts":
                        expected.append("search")
                    assert _limited_as(rendered, sent, signed_in=True) == expected, sent
                    if expected not in (["machine"], ["file"]):
                        expected[0] = "anonymous"
                    assert _limited_as(rendered, sent, signed_in=False) == expected, sent


def test_both_ports_take_as_many_reports_from_a_payment_gateway(rendered: Any) -> None:
    buckets = {
        descriptor["entries"][0]["value"]: descriptor["token_bucket"]["max_tokens"]
        for descriptor in _limiter(rendered)["descriptors"]
    }
    assert buckets["machine"] == REPORTS_A_MINUTE
    assert buckets["file"] == FILES_A_MINUTE


def test_every_reason_that_envoy_gives_is_declared(rendered: Any) -> None:
    connections = json.dumps(rendered["static_resources"]["listeners"])
    reasons = set(re.findall(r'"reason": "([A-Z_]+)"', connections))
    assert reasons
    assert reasons <= set(errors_pb2.ErrorReason.keys())


def test_envoy_accepts_the_configuration(tmp_path: Path, settings: Settings, values: dict[str, str]) -> None:
    path = tmp_path / "envoy.yaml"
    path.write_text(envoy.render(envoy.TEMPLATE.read_text(), values))
    checked = subprocess.run(
        [*envoy.command(settings, path), "--mode", "validate"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "eprecated" not in checked.stderr


def test_what_lives_long_is_counted_apart_from_the_calls(rendered: Any) -> None:
    workers = next(each for each in rendered["static_resources"]["clusters"] if each["name"] == "workers")
    limits = {each["priority"]: each for each in workers["circuit_breakers"]["thresholds"]}
    for route in _routes(rendered):
        if "route" in route and route["route"].get("cluster") == "workers":
            endless = "max_stream_duration" not in route["route"] and route["route"]["timeout"] == "0s"
            is_long = endless or route["name"].startswith("upload")
            assert (route["route"].get("priority") == "HIGH") == is_long, route["name"]
    assert limits["HIGH"]["max_requests"] == 50_000
    assert all("retry_budget" in each for each in limits.values())


@pytest.mark.parametrize(
    ("workers", "pool", "queued", "calls", "of_connection"), [(2, 8, 100, 216, 108), (1, 1, 4, 5, 100)]
)
def test_the_gateway_lets_as_many_calls_in_as_the_workers_take(
    settings: Settings, workers: int, pool: int, queued: int, calls: int, of_connection: int
) -> None:
    changed = settings.model_copy(update={"db_pool_size": pool, "max_queued_calls": queued})
    values = envoy.values(changed, 1, list(range(1, workers + 1)))
    cluster = next(
        each
        for each in yaml.safe_load(envoy.render(envoy.TEMPLATE.read_text(), values))["static_resources"][
            "clusters"
        ]
        if each["name"] == "workers"
    )
    limits = cluster["circuit_breakers"]["thresholds"][0]
    assert (limits["max_requests"], limits["max_pending_requests"]) == (calls, calls)
    assert values["MAX_CALLS_OF_CONNECTION"] == str(of_connection)


def test_no_call_is_repeated_because_it_took_long(rendered: Any) -> None:
    for route in _routes(rendered):
        assert "per_try_timeout" not in route.get("route", {}).get("retry_policy", {})


@pytest.mark.parametrize(
    ("environment", "setting", "open_to_all"),
    [
        ("demo", None, True),
        ("test", None, True),
        ("production", None, False),
        ("production", True, True),
        ("demo", False, False),
    ],
)
def test_reflection_is_for_demos_unless_it_is_set(
    settings: Settings, environment: str, setting: bool | None, open_to_all: bool
) -> None:
    changes = {"environment": environment, "grpc_reflection": setting}
    methods = yaml.safe_load(
        f'"{envoy.values(settings.model_copy(update=changes), 1, [2])["FOREIGN_METHODS"]}"'
    )
    for version in ("v1", "v1alpha"):
        path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        assert bool(re.fullmatch(methods, path)) is open_to_all
    assert bool(re.fullmatch(methods, "/grpc.health.v1.Health/Watch")) is open_to_all
    assert re.fullmatch(methods, "/grpc.health.v1.Health/Check")
    assert not re.fullmatch(methods, "/grpcxhealth.v1.Health/Check")


@pytest.mark.parametrize(
    ("host", "addresses"), [("127.0.0.1", ["127.0.0.1"]), ("::1", ["::1"]), ("::", ["::", "0.0.0.0"])]
)
def test_both_ports_are_listened_on_at_each_address(
    settings: Settings, host: str, addresses: list[str]
) -> None:
    values = envoy.values(settings.model_copy(update={"host": host}), 1, [2])
    text = envoy.render(envoy.TEMPLATE.read_text(), values)
    listeners = yaml.safe_load(text)["static_resources"]["listeners"]
    (public,) = (listener for listener in listeners if listener["name"] == "public")
    found = [public["address"], *(each["address"] for each in public["additional_addresses"])]
    pairs = [(each["socket_address"]["address"], each["socket_address"]["port_value"]) for each in found]
    assert sorted(pairs) == sorted(
        (address, port) for address in addresses for port in (settings.port, settings.grpc_port)
    )


@pytest.mark.parametrize("name", ["x-forwarded-proto", "x-forwarded-host", "x-forwarded", "x-forwarded-fort"])
def test_of_what_proxies_forward_only_the_address_counts(name: str) -> None:
    assert re.fullmatch(envoy.FORWARDED_BUT_FOR, name)
    assert not re.fullmatch(envoy.FORWARDED_BUT_FOR, "x-forwarded-for")


def test_client_certificates_are_asked_for_only_where_the_shop_says_so(
    settings: Settings, rendered: Any, tmp_path: Path
) -> None:
    def filter_of(tree: Any) -> Any:
        return next(each for each in _manager(tree)["http_filters"] if each["name"] == "client-certificates")

    assert filter_of(rendered)["disabled"] is True
    files = {f"tls_{name}_file": tmp_path / name for name in ("cert", "key", "client_ca")}
    for ports, demanded in (("grpc", {"destination_port": settings.grpc_port}), ("both", {"any": True})):
        mutual = settings.model_copy(update=files | {"tls_client_ports": ports})
        tree = yaml.safe_load(envoy.render(envoy.TEMPLATE.read_text(), envoy.values(mutual, 1, [2])))
        assert filter_of(tree)["disabled"] is False
        (policy,) = filter_of(tree)["typed_config"]["rules"]["policies"].values()
        assert policy["permissions"] == [demanded]


def test_whoever_holds_a_connection_and_does_nothing_loses_it(rendered: Any) -> None:
    (listener,) = (each for each in rendered["static_resources"]["listeners"] if each["name"] == "public")
    assert listener["listener_filters_timeout"] == "10s"
    assert [each["name"] for each in listener["listener_filters"]] == [
        "envoy.filters.listener.http_inspector"
    ]
    manager = _manager(rendered)
    options = manager["common_http_protocol_options"]
    assert (manager["request_headers_timeout"], manager["request_timeout"]) == ("10s", "60s")
    assert (options["idle_timeout"], options["max_connection_duration"]) == ("300s", "3600s")


def test_json_is_judged_by_the_contract_and_native_calls_are_not(rendered: Any) -> None:
    lua = "envoy.filters.http.lua"
    assert [each["name"] for each in _manager(rendered)["http_filters"]].count(lua) == 1
    for route in _routes(rendered):
        native = "native" in route["name"]
        off = route.get("typed_per_filter_config", {}).get(lua, {}).get("disabled", False)
        assert off is (native or "direct_response" in route), route["name"]


def test_a_page_is_a_file_that_is_there_and_no_filter_of_calls_looks_at_it(rendered: Any) -> None:
    pages = [route for route in _routes(rendered) if _is_page(route)]
    assert len(pages) == 8
    limit = _manager(rendered)["route_config"]["max_direct_response_body_size_bytes"]
    for page in pages:
        assert 0 < Path(page["direct_response"]["body"]["filename"]).stat().st_size < limit
        off = {name for name, each in page["typed_per_filter_config"].items() if each["disabled"]}
        assert off == {"envoy.filters.http.buffer", "envoy.filters.http.lua", TRANSCODER}


def _slashed(path: str) -> list[str]:
    return [f"{path}/", f"{path}/?a=b"] if path.startswith("/api/") else []


def _manager(rendered: Any) -> Any:
    return rendered["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def _limiter(rendered: Any) -> Any:
    filters = _manager(rendered)["http_filters"]
    return next(each for each in filters if "local_ratelimit" in each["name"])["typed_config"]


def _limited_as(rendered: Any, path: str, *, signed_in: bool) -> list[str]:
    """Under which limits a call counts."""

    def meets(header: Any) -> bool:
        if header["name"] == "authorization":
            met = signed_in
        else:
            met = re.fullmatch(header["string_match"]["safe_regex"]["regex"], path) is not None
        return met is not header.get("invert_match", False)

    matches = [rule["actions"][0]["header_value_match"] for rule in _limiter(rendered)["rate_limits"]]
    return [match["descriptor_value"] for match in matches if all(map(meets, match["headers"]))]


def _routes(rendered: Any) -> Any:
    return _manager(rendered)["route_config"]["virtual_hosts"][0]["routes"]


def _is_page(route: Any) -> bool:
    """Whether a route is a file of the documentation."""
    return route.get("direct_response", {}).get("status") == 200


def _transcoders(rendered: Any) -> Iterator[Any]:
    for each in _manager(rendered)["http_filters"]:
        if each["name"] == TRANSCODER:
            yield each["typed_config"]
    for route in _routes(rendered):
        override = route.get("typed_per_filter_config", {}).get(TRANSCODER, {"disabled": True})
        if not override.get("disabled"):
            yield override


def _route(rendered: Any, path: str, verb: str, native: bool = False) -> Any:
    """The action of the first route that Envoy would take, for a caller without a token that accepts anything."""
    for route in _routes(rendered):
        match = route["match"]
        if "route" not in route:
            continue
        if "safe_regex" in match and not re.fullmatch(match["safe_regex"]["regex"], path):
            continue
        if "prefix" in match and not path.startswith(match["prefix"]):
            continue
        if "grpc" in match and not native:
            continue
        wanted = {
            header["name"]: header["string_match"]
            for header in match.get("headers", [])
            if "string_match" in header
        }
        if "accept" in wanted or wanted.get(":method", {"exact": verb})["exact"] != verb:
            continue
        return route["route"]
    raise AssertionError(f"no route for {verb} {path}")


def _bindings(method: descriptor_pb2.MethodDescriptorProto) -> Iterator[tuple[str, str]]:
    """Verb and path of each HTTP binding, every variable filled in with 1."""
    rule = method.options.Extensions[annotations_pb2.http]
    for each in (rule, *rule.additional_bindings):
        verb = each.WhichOneof("pattern")
        assert verb is not None, f"{method.name} has no HTTP binding"
        yield verb.upper(), re.sub(r"\{[^}]*\}", "1", getattr(each, verb))


@pytest.mark.parametrize(("most_body", "buffer"), [(1024, 4_194_304), (8_388_608, 8_388_608)])
def test_the_gateway_holds_the_largest_reply_whatever_the_largest_request(
    most_body: int, buffer: int
) -> None:
    settings = Settings(_env_file=None, environment="test", max_message_bytes=most_body)
    assert envoy.MAX_REPLY_BYTES == paging.MAX_REPLY_BYTES
    assert envoy.values(settings, 9901, [50061])["BUFFER_BYTES"] == str(buffer)


@pytest.mark.parametrize(
    ("workers", "cores", "threads"),
    [(2, 2, 1), (2, 4, 2), (2, 16, 2), (4, 4, 2), (4, 7, 3), (1, 1, 1), (8, 2, 2)],
)
def test_the_gateway_takes_no_core_that_a_worker_needs(workers: int, cores: int, threads: int) -> None:
    assert envoy.threads(workers, cores) == threads


def test_a_directory_without_a_page_is_named(settings: Settings, tmp_path: Path) -> None:
    without = settings.model_copy(update={"pages_dir": tmp_path})
    with pytest.raises(envoy.GatewayUnusable, match=r"PAGES_DIR: .* has no index\.html"):
        envoy.values(without, 9901, [50061])
