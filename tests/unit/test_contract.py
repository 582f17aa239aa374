"""The contract is complete: every RPC guarded, bound, commented and bounded, and every list of services agrees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from buf.validate import validate_pb2
from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule
from support.every import every

from server.contract import SERVICES
from server.process.envoy import config as envoy
from server.rpc.access import rules
from server.settings import Settings

PROJECT = Path(__file__).parents[2]
METHODS: list[MethodDescriptor] = [method for service in SERVICES for method in service.methods]
each_method = every("method", {method.name: method for method in METHODS})

PUBLIC = {"AuthService/Register", "AuthService/Login", "AuthService/Refresh", "PromotionService/ListTiers",
          "PaymentService/ReceivePaymentWebhook", "MediaService/GetMediaFile",
          "SearchService/Suggest", "AuthService/VerifyEmail", "AuthService/ResendVerification",
          "AuthService/ForgotPassword", "AuthService/ResetPassword", "IdentityService/ListIdentityProviders",
          "IdentityService/StartFederatedSignIn", "IdentityService/FinishFederatedSignIn",
          "PasskeyService/BeginPasskeySignIn", "PasskeyService/FinishPasskeySignIn"}  # fmt: skip
OPTIONAL = {
    "CatalogService/GetProduct",
    "CatalogService/BatchGetProducts",
    "CatalogService/ListProducts",
    "CatalogService/ListCategories",
    "CatalogService/GetCategory",
    "CatalogService/ListVariants",
    "CatalogService/GetVariant",
    "MediaService/ListImages",
    "MediaService/GetImage",
    "ReviewService/ListReviews",
    "ReviewService/GetReview",
    "InventoryService/GetInventory",
    "InventoryService/ListLocations",
    "InventoryService/GetLocation",
    "InventoryService/WatchInventory",
    "SearchService/SearchProducts",
    "RecommendService/GetRecommendations",
    "RecommendService/GetSimilarProducts",
    "RecommendService/GetFrequentlyBoughtTogether",
    "RecommendService/GetTrending",
    "RecommendService/TrackEvent",
    "CartService/GetCart",
    "CartService/AddItem",
    "CartService/UpdateItem",
    "CartService/RemoveItem",
    "CartService/ClearCart",
    "CartService/GetTotal",
}
"""What the world may call, said a second time: opening another RPC takes two edits."""

NOT_REPEATABLE = {
    "Login": "each sign-in is a session of its own, and its tokens are kept nowhere",
    "Refresh": "the server knows a lost reply by itself, for half a minute",
    "VerifyEmail": "the server knows a second visit by itself, for half a minute",
    "ForgotPassword": "each mails a code, as many as an hour allows, and no reply says that it did",
    "ResendVerification": "each mails a link, as many as an hour allows, and no reply says that it did",
    "StartFederatedSignIn": "each is a sign-in of its own, whose secret is kept nowhere",
    "FinishFederatedSignIn": "a sign-in is finished once, and its tokens are kept nowhere",
    "StartIdentityLink": "each is a link of its own, whose secret is kept nowhere",
    "LinkIdentity": "what the user came back with is used once; the list says whether it is linked",
    "BeginPasskeySignIn": "each is a challenge of its own",
    "FinishPasskeySignIn": "a challenge is answered once, and its tokens are kept nowhere",
    "BeginPasskeyRegistration": "each is a challenge of its own",
    "FinishPasskeyRegistration": "a challenge is answered once; the list says whether it is registered",
    "SetUpSecondFactor": "a repeat makes another secret in place of the first, which is kept nowhere in plain",
    "ConfirmSecondFactor": "recovery codes are shown once; a repeat is SECOND_FACTOR_ACTIVE",
    "RenewRecoveryCodes": "recovery codes are shown once; a repeat makes others",
    "RemoveSecondFactor": "a repeat is SECOND_FACTOR_MISSING",
    "Logout": "a repeat is TOKEN_INVALID, which says that the session is over",
}
"""What neither is safe to repeat as often as one likes nor takes a request id, and why."""

FOLLOWED = {"VerifyEmail": "the link of a mail; a second visit changes nothing more"}
"""What changes something by a GET, as browsers follow links by no other, and why it may."""

NO_UPPER_BOUND = {
    "page_size": "coerced to the largest page",
    "limit": "coerced to the longest list",
    "window_hours": "one of the windows that are counted",
    "days": "coerced to three months",
    "after_sequence": "a sequence that is not reached yet counts as the last one",
}
BESIDE_THE_API = {"/media/{name}": "the address of a picture, which pages show"}
"""Paths that do not begin as the others do, and why."""
NO_RULE_NEEDED = {
    "google.api.HttpBody": "bounded in bytes by the server, and believed when it is signed, or decoded",
    "google.protobuf.FieldMask": "compared with the few paths that may change",
    "google.protobuf.Struct": "bounded in bytes and depth by the server",
    "google.protobuf.Timestamp": "checked by the server for every request",
    "google.type.Money": "checked by the server against the shop's currency",
}


class Binding(NamedTuple):
    """One way to reach a method over HTTP."""

    verb: str
    path: str
    body: str


class Segment(NamedTuple):
    """A piece of a path: a literal, or a field that takes numbers or any text."""

    literal: str | None
    numeric: bool


@pytest.fixture(scope="session")
def image() -> descriptor_pb2.FileDescriptorSet:
    """The protos with their comments."""
    return descriptor_pb2.FileDescriptorSet.FromString((PROJECT / "generated/sanset.binpb").read_bytes())


def _name(method: MethodDescriptor) -> str:
    return f"{method.containing_service.name}/{method.name}"


def _rule(method: MethodDescriptor) -> AccessRule:
    return method.GetOptions().Extensions[access_pb2.access]


def _bindings(method: MethodDescriptor) -> list[Binding]:
    http = method.GetOptions().Extensions[annotations_pb2.http]
    found = []
    for rule in (http, *http.additional_bindings):
        verb = rule.WhichOneof("pattern")
        found.append(Binding(verb.upper() if verb else "", getattr(rule, verb) if verb else "", rule.body))
    return found


def _idempotency(method: MethodDescriptor) -> int:
    return method.GetOptions().idempotency_level


# ── Access ──────────────────────────────────────────────────────────────────────────────────────────────


@each_method
def test_every_method_declares_who_may_call_it(method: MethodDescriptor) -> None:
    assert method.GetOptions().HasExtension(access_pb2.access)
    rule = _rule(method)
    assert bool(rule.level) != bool(rule.permission), "a level or a permission, and not both"


def test_only_these_methods_are_open_to_strangers() -> None:
    for level, names in ((AccessRule.PUBLIC, PUBLIC), (AccessRule.OPTIONAL, OPTIONAL)):
        assert {_name(m) for m in METHODS if _rule(m).level == level} == names, "say it above as well"


def test_the_server_enforces_the_rules_of_all_methods() -> None:
    assert rules(SERVICES).keys() == {f"/{m.containing_service.full_name}/{m.name}" for m in METHODS}


def test_what_lies_under_admin_needs_a_permission() -> None:
    for method in METHODS:
        if any(binding.path.startswith("/api/v1/admin/") for binding in _bindings(method)):
            assert _rule(method).permission, method.name


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────


@each_method
def test_every_method_is_reachable_over_http(method: MethodDescriptor) -> None:
    fields = method.input_type.fields_by_name
    for verb, path, body in _bindings(method):
        of_the_api = re.fullmatch(r"/api/v1(/([a-z0-9-]+|\{[a-z_.]+\}))+", path)
        assert of_the_api or path in BESIDE_THE_API, path
        assert verb in ("GET", "POST", "PUT", "PATCH", "DELETE")
        assert bool(body) == (verb in ("POST", "PUT", "PATCH")), "a body where HTTP has one"
        assert body in ("", "*") or body in fields
        for variable in _variables(path):
            assert _field(method.input_type, variable) is not None, variable


def _variables(path: str) -> list[str]:
    return re.findall(r"\{([a-z_.]+)\}", path)


def _field(message: Descriptor, path: str) -> FieldDescriptor | None:
    field = None
    for name in path.split("."):
        field = message.fields_by_name.get(name)
        if field is None:
            return None
        message = field.message_type
    return field


def test_no_two_methods_share_a_verb_and_path() -> None:
    taken: dict[tuple[str, str], str] = {}
    for method in METHODS:
        for verb, path, _ in _bindings(method):
            shape = (verb, re.sub(r"\{[^}]+\}", "{}", path))
            assert shape not in taken, f"{method.name} and {taken[shape]}: {shape}"
            taken[shape] = method.name


def test_no_sensible_path_means_two_methods() -> None:
    every = [
        (method.name, binding.verb, _segments(method, binding.path))
        for method in METHODS
        for binding in _bindings(method)
    ]
    for (name, verb, path), (other_name, other_verb, other_path) in combinations(every, 2):
        if verb == other_verb and len(path) == len(other_path):
            overlap = all(_overlap(a, b) for a, b in zip(path, other_path, strict=True))
            assert not overlap, f"{name} and {other_name} answer the same {verb}"


def _segments(method: MethodDescriptor, path: str) -> list[Segment]:
    segments = []
    for text in path.strip("/").split("/"):
        if text.startswith("{"):
            field = _field(method.input_type, text.strip("{}"))
            assert field is not None
            segments.append(Segment(None, field.type == FieldDescriptor.TYPE_INT64))
        else:
            segments.append(Segment(text, text.isdigit()))
    return segments


def _overlap(a: Segment, b: Segment) -> bool:
    """Whether some text is a good value of both: a word is no id."""
    if a.literal is not None and b.literal is not None:
        return a.literal == b.literal
    for one, other in ((a, b), (b, a)):
        if one.literal is not None:
            return one.numeric or not other.numeric
    return True


@each_method
def test_reads_are_gets_and_say_that_they_change_nothing(method: MethodDescriptor) -> None:
    verbs = {binding.verb for binding in _bindings(method)}
    level = _idempotency(method)
    read = level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    if method.name in FOLLOWED:
        assert verbs == {"GET", "POST"}
        assert not read
    elif "GET" in verbs:
        assert verbs == {"GET"} or method.name.startswith("Export"), "a form may ask for a file too"
        assert read
    if verbs & {"PUT", "PATCH", "DELETE"}:
        assert level == descriptor_pb2.MethodOptions.IDEMPOTENT
    assert read == bool(
        re.match("Get|List|BatchGet|Search|Suggest|Preview|Track(?!Event)|Watch|Analyze|Export", method.name)
    )


@each_method
def test_every_call_that_changes_something_may_be_repeated(method: MethodDescriptor) -> None:
    request_id = method.input_type.fields_by_name.get("request_id")
    is_safe = _idempotency(method) != descriptor_pb2.MethodOptions.IDEMPOTENCY_UNKNOWN
    assert (is_safe or request_id is not None) != (method.name in NOT_REPEATABLE)
    if request_id is not None:
        assert _idempotency(method) != descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
        assert request_id.GetOptions().Extensions[validate_pb2.field].string.uuid


# ── Envoy, reflection, the descriptor set ───────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def gateway() -> Any:
    """envoy.yaml as a shop gets it."""
    values = envoy.values(Settings(_env_file=None, environment="test"), 9901, [50061])
    return yaml.safe_load(envoy.render(envoy.TEMPLATE.read_text("utf-8"), values))


def _found(tree: Any, key: str) -> Iterator[Any]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from _found(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _found(value, key)


def test_envoy_transcodes_exactly_the_services_of_the_shop(gateway: Any) -> None:
    lists = [set(services) for services in _found(gateway, "services")]
    assert lists
    assert all(services == {service.full_name for service in SERVICES} for services in lists)


def test_every_service_of_the_protos_is_known_to_the_shop(image: descriptor_pb2.FileDescriptorSet) -> None:
    described = {
        f"{file.package}.{service.name}"
        for file in image.file
        if file.package == "sanset.v1"
        for service in file.service
    }
    assert described == {service.full_name for service in SERVICES}


def _public_routes(gateway: Any) -> list[Any]:
    (routes,) = (
        host["routes"]
        for hosts in _found(gateway, "virtual_hosts")
        for host in hosts
        if host["name"] == "sanset"
    )
    return list(routes)


def test_envoy_gives_every_stream_a_route_without_a_time_limit(gateway: Any) -> None:
    routes = [route for route in _public_routes(gateway) if "route" in route]  # those that lead to a worker
    streams = [m for m in METHODS if m.server_streaming]
    assert streams
    for method in streams:
        native = f"/{method.containing_service.full_name}/{method.name}"
        paths = [re.sub(r"\{[^}]+\}", "7", binding.path) for binding in _bindings(method)]
        for path in (native, *paths):
            first = next(route for route in routes if _route_matches(route["match"], path))
            assert first["route"]["timeout"] == "0s", path
            assert first["name"].startswith("stream-")
    for method in METHODS:
        if not method.server_streaming:
            for binding in _bindings(method):
                path = re.sub(r"\{[^}]+\}", "7", binding.path)
                first = next(route for route in routes if _route_matches(route["match"], path))
                assert not first["name"].startswith("stream-"), path


def _route_matches(match: Any, path: str) -> bool:
    if "safe_regex" in match:
        return re.fullmatch(match["safe_regex"]["regex"], path) is not None
    return path.startswith(match["prefix"])


def test_envoy_repeats_native_calls_only_when_they_are_reads(gateway: Any) -> None:
    routes = _public_routes(gateway)
    reads = next(route["match"]["safe_regex"]["regex"] for route in routes if route["name"] == "native-reads")
    for method in METHODS:
        if re.fullmatch(reads, f"/{method.containing_service.full_name}/{method.name}"):
            assert _idempotency(method) == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS, method.name


def test_what_clients_stream_is_a_file_which_is_the_body_over_http() -> None:
    for method in METHODS:
        if method.client_streaming:
            for binding in _bindings(method):
                body = _field(method.input_type, binding.body)
                assert body is not None, method.name
                assert body.message_type.full_name == "google.api.HttpBody", "it comes in pieces"


# ── Comments ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_method_message_field_and_value_is_explained(image: descriptor_pb2.FileDescriptorSet) -> None:
    silent = []
    for file in image.file:
        if file.package == "sanset.v1":
            said = {
                tuple(location.path)
                for location in file.source_code_info.location
                if location.leading_comments.strip()
            }
            silent += [f"{file.name}: {name}" for path, name in _elements(file) if path not in said]
    assert not silent


def _elements(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    """Everything a client developer meets, by its path in the source info."""
    for i, service in enumerate(file.service):
        yield (6, i), service.name
        for j, method in enumerate(service.method):
            yield (6, i, 2, j), method.name
    for i, message in enumerate(file.message_type):
        yield from _message_elements(message, (4, i))
    for i, enum in enumerate(file.enum_type):
        yield from _enum_elements(enum, (5, i))


def _message_elements(
    message: descriptor_pb2.DescriptorProto, path: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, message.name
    for i, field in enumerate(message.field):
        yield (*path, 2, i), f"{message.name}.{field.name}"
    for i, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:  # made by the compiler: the map's own comment explains it
            yield from _message_elements(nested, (*path, 3, i))
    for i, enum in enumerate(message.enum_type):
        yield from _enum_elements(enum, (*path, 4, i))


def _enum_elements(
    enum: descriptor_pb2.EnumDescriptorProto, path: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, enum.name
    for i, value in enumerate(enum.value):
        yield (*path, 2, i), f"{enum.name}.{value.name}"


# ── Limits ──────────────────────────────────────────────────────────────────────────────────────────────


def _input_fields(message: Descriptor, seen: frozenset[str] = frozenset()) -> Iterator[FieldDescriptor]:
    """The fields that a client fills, those of the messages within too."""
    if message.full_name in seen or message.full_name in NO_RULE_NEEDED:
        return
    for field in message.fields:
        behaviour = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        if field_behavior_pb2.OUTPUT_ONLY in behaviour:
            continue
        yield field
        if field.message_type is not None:
            yield from _input_fields(field.message_type, seen | {message.full_name})


INPUT_FIELDS = {field.full_name: field for method in METHODS for field in _input_fields(method.input_type)}


@every("field", INPUT_FIELDS)
def test_every_field_that_clients_fill_has_its_limits(field: FieldDescriptor) -> None:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.is_repeated:
        assert rules.repeated.max_items, "max_items"
        rules = rules.repeated.items
    if field.type == FieldDescriptor.TYPE_STRING:
        assert _bounds_length(rules.string), "max_len or max_bytes: the largest message is added up from them"
    elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        numbers = rules.int32 if field.type == FieldDescriptor.TYPE_INT32 else rules.int64
        assert numbers.HasField("gt") or numbers.HasField("gte"), "a lower bound"
        is_id = field.type == FieldDescriptor.TYPE_INT64
        assert is_id or numbers.HasField("lte") or field.name in NO_UPPER_BOUND, "an upper bound"
    elif field.type == FieldDescriptor.TYPE_DOUBLE:
        assert rules.double.HasField("gte") or rules.double.HasField("gt"), "a lower bound"
        assert rules.double.HasField("lte"), "an upper bound, which keeps NaN and infinity out too"
    elif field.type == FieldDescriptor.TYPE_ENUM:
        assert rules.enum.defined_only
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        ours = field.message_type.full_name.startswith("sanset.v1.")
        assert ours or field.message_type.full_name in NO_RULE_NEEDED
    else:
        assert field.type == FieldDescriptor.TYPE_BOOL, "a type for which this test knows no limit"


def _bounds_length(rule: Any) -> bool:
    return rule.HasField("max_len") or rule.HasField("max_bytes") or rule.uuid


def test_no_rule_walks_through_json_objects() -> None:
    for field in INPUT_FIELDS.values():
        if field.message_type is not None and field.message_type.full_name == "google.protobuf.Struct":
            rules = field.GetOptions().Extensions[validate_pb2.field]
            assert rules.ignore == validate_pb2.IGNORE_ALWAYS, field.full_name


def test_every_pattern_binds_the_whole_text() -> None:
    for field in INPUT_FIELDS.values():
        rules = field.GetOptions().Extensions[validate_pb2.field]
        pattern = rules.string.pattern
        if pattern:
            assert pattern.startswith("^"), field.full_name
            assert pattern.endswith("$"), field.full_name


def test_no_exception_from_the_limits_is_stale() -> None:
    assert NO_UPPER_BOUND.keys() <= {field.name for field in INPUT_FIELDS.values()}
    used = {f.message_type.full_name for f in INPUT_FIELDS.values() if f.message_type is not None}
    assert NO_RULE_NEEDED.keys() <= used


@each_method
def test_lists_page_alike(method: MethodDescriptor) -> None:
    asks = {"page_size", "page_token"} & set(method.input_type.fields_by_name)
    if not asks and not method.name.startswith("List"):
        return
    assert asks == {"page_size", "page_token"}
    assert {"items", "next_page_token"} <= set(method.output_type.fields_by_name)
    assert method.output_type.name == f"{method.name}Response"


def test_views_are_alike_and_short_unless_asked() -> None:
    views = [field for method in METHODS for field in method.input_type.fields if field.name == "view"]
    assert views
    for view in views:
        assert view.enum_type is not None
        names = [value.name for value in view.enum_type.values]
        assert names == ["VIEW_UNSPECIFIED", "SUMMARY", "FULL"], view.full_name


def test_no_two_methods_share_a_response_but_a_resource() -> None:
    shared = Counter(
        method.output_type.name for method in METHODS if method.output_type.name.endswith("Response")
    )
    assert {name: count for name, count in shared.items() if count > 1} == {}
