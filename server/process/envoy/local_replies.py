"""What Envoy answers by itself: when no worker was asked, none answered, or the request is not one.

Each refusal is the same Status JSON as the server's, or for native calls its sentence and a rich status; once in
English, and once in each other language for callers who ask for that. Only who is refused pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from google.rpc import code_pb2

from server.errors import ClientCertificateMissing, Overloaded
from server.process.envoy.refusals import GatewayRefusal, Json, all_of, cel, http, text
from server.text.languages import ENGLISH, Sentence, languages

TOO_MANY_CALLS: Final = (
    "Too many calls from your address. Wait {seconds} s between calls; with a sign-in the limit is higher."
)
NO_METHOD: Final = "There is no such method. The API's methods are listed at /docs of the HTTP port."
NO_PATH: Final = "There is no {method} {path}. See /docs, or /openapi.json for the paths."
AWAY: Final = "The shop cannot answer at the moment. Try again in a second: a write with the same request_id."
TIMED_OUT: Final = (
    "The call took too long and was given up. A write may have happened: repeat it with the same request_id."
)
MALFORMED: Final = "The request line or a header is malformed ({details})."
NOT_JSON: Final = (
    "The request cannot be read: it is not JSON in UTF-8, or has values of other types than its fields."
)
NOT_IN_TIME: Final = "The request did not arrive in time. Send it again."
TOO_LARGE: Final = "The body is larger than {limit} bytes."
TOO_MANY_HEADERS: Final = "There are more than 100 headers, or more than 32 KiB of them."

SENTENCES: Final = frozenset(
    {TOO_MANY_CALLS, NO_METHOD, NO_PATH, AWAY, TIMED_OUT, MALFORMED, NOT_JSON, NOT_IN_TIME, TOO_LARGE}
    | {TOO_MANY_HEADERS, Overloaded.message, ClientCertificateMissing.message}
)


_OVERFLOW: Final[Json] = {"response_flag_filter": {"flags": ["UO"]}}
"""As many calls are under way as the workers take."""

_NATIVE: Final[Json] = {
    "and_filter": {
        "filters": [
            {
                "header_filter": {
                    "header": {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
                }
            },
            {
                "header_filter": {
                    "header": {
                        "name": "x-envoy-original-path",
                        "present_match": True,
                        "invert_match": True,
                    }
                }
            },
        ]
    }
}
"""A native call. A transcoded one looks like gRPC by now too, but kept its original path."""


def config(*, retry_seconds: int, max_body_bytes: int) -> Json:
    """Envoy's `local_reply_config`: the first mapper that fits is taken."""
    mappers = [
        *_refusals(_native(retry_seconds)),
        {"filter": _NATIVE, "body_format_override": text("%LOCAL_REPLY_BODY%")},
        *_not_refused(),
        *_refusals(_of_json(retry_seconds, max_body_bytes)),
    ]
    unknown = GatewayRefusal(
        when={},
        code=code_pb2.INTERNAL,
        reason="INTERNAL_ERROR",
        sentence=Sentence("The gateway refused the call (%RESPONSE_CODE%)."),
    )
    return {"mappers": mappers, "body_format": unknown.mapper(ENGLISH)["body_format_override"]}


def _native(retry_seconds: int) -> Sequence[GatewayRefusal]:
    """Native gRPC and gRPC-Web carry errors in their own way, a rich one as a header in base64."""
    overloaded = GatewayRefusal(
        when=all_of(_NATIVE, _OVERFLOW),
        code=code_pb2.RESOURCE_EXHAUSTED,
        reason="OVERLOADED",
        sentence=Sentence(Overloaded.message),
        is_native=True,
        retry_seconds=1,
        grpc_status=code_pb2.RESOURCE_EXHAUSTED,
    )
    limited = replace(
        overloaded,
        when=all_of(_NATIVE, http(429)),
        reason="RATE_LIMITED",
        sentence=Sentence(TOO_MANY_CALLS, {"seconds": str(retry_seconds)}),
        retry_seconds=retry_seconds,
        grpc_status=0,
    )
    strange = replace(
        limited,
        when=all_of(_NATIVE, http(403)),
        code=code_pb2.PERMISSION_DENIED,
        reason=ClientCertificateMissing.reason,
        sentence=Sentence(ClientCertificateMissing.message),
        retry_seconds=0,
    )
    unknown = replace(
        limited,
        when=all_of(_NATIVE, http(404)),
        code=code_pb2.UNIMPLEMENTED,
        reason="METHOD_UNKNOWN",
        sentence=Sentence(NO_METHOD),
        retry_seconds=0,
    )
    away = replace(
        limited,
        when=all_of(_NATIVE, http(503)),
        code=code_pb2.UNAVAILABLE,
        reason="UNAVAILABLE_NOW",
        sentence=Sentence(AWAY),
        retry_seconds=1,
    )
    timed_out = replace(  # UNAVAILABLE is what Envoy makes of a 504
        away,
        when=all_of(_NATIVE, http(504)),
        reason="DEADLINE",
        sentence=Sentence(TIMED_OUT),
        retry_seconds=0,
    )
    return overloaded, limited, strange, unknown, away, timed_out


def _not_refused() -> Iterator[Json]:
    """What is no refusal, or says it already."""
    yield {  # the filter of JSON writes its refusals itself
        "filter": cel("response.code_details == 'lua_response'"),
        "body_format_override": {**text("%LOCAL_REPLY_BODY%"), "content_type": "application/json"},
    }
    yield {  # pages, as they are
        "filter": cel("response.code_details == 'direct_response' && response.code in [200, 304]"),
        "body_format_override": text("%LOCAL_REPLY_BODY%"),
    }
    health_checks = {"comparison": {"op": "LE", "value": {"default_value": 399, "runtime_key": "unused"}}}
    yield {
        "filter": {"status_code_filter": health_checks},
        "body_format_override": {"json_format": {"status": "OK"}},
    }


def _of_json(retry_seconds: int, max_body_bytes: int) -> Iterator[GatewayRefusal]:
    """What callers over HTTP are refused with."""
    yield from _of_load(retry_seconds)
    yield from _of_requests(max_body_bytes)
    yield GatewayRefusal(
        when={"or_filter": {"filters": [http(502), http(503)]}},
        code=code_pb2.UNAVAILABLE,
        reason="UNAVAILABLE_NOW",
        sentence=Sentence(AWAY),
        retry_seconds=1,
    )
    yield GatewayRefusal(
        when=http(504),
        code=code_pb2.DEADLINE_EXCEEDED,
        reason="DEADLINE",
        sentence=Sentence(TIMED_OUT),
    )


def _of_load(retry_seconds: int) -> Iterator[GatewayRefusal]:
    yield GatewayRefusal(
        when=_OVERFLOW,
        code=code_pb2.RESOURCE_EXHAUSTED,
        reason="OVERLOADED",
        sentence=Sentence(Overloaded.message),
        retry_seconds=1,
        http_status=429,
    )
    yield GatewayRefusal(
        when=http(429),
        code=code_pb2.RESOURCE_EXHAUSTED,
        reason="RATE_LIMITED",
        sentence=Sentence(TOO_MANY_CALLS, {"seconds": str(retry_seconds)}),
        retry_seconds=retry_seconds,
    )


def _of_requests(max_body_bytes: int) -> Iterator[GatewayRefusal]:
    malformed = GatewayRefusal(  # before anything was read, even the request id
        when=all_of(http(400), cel("!response.code_details.contains('transcode')")),
        code=code_pb2.INVALID_ARGUMENT,
        reason="MALFORMED_REQUEST",
        sentence=Sentence(MALFORMED, {"details": "%RESPONSE_CODE_DETAILS%"}),
        made_id=True,
    )
    yield malformed
    yield replace(malformed, when=http(400), sentence=Sentence(NOT_JSON), made_id=False)
    yield GatewayRefusal(  # the only 403 of Envoy's own
        when=http(403),
        code=code_pb2.PERMISSION_DENIED,
        reason=ClientCertificateMissing.reason,
        sentence=Sentence(ClientCertificateMissing.message),
    )
    yield GatewayRefusal(
        when=http(404),
        code=code_pb2.UNIMPLEMENTED,
        reason="METHOD_UNKNOWN",
        sentence=Sentence(NO_PATH, {"method": "%REQ(:METHOD)%", "path": "%PATH(NQ):200%"}),
    )
    yield GatewayRefusal(
        when=http(408),
        code=code_pb2.DEADLINE_EXCEEDED,
        reason="DEADLINE",
        sentence=Sentence(NOT_IN_TIME),
    )
    yield GatewayRefusal(
        when=http(413),
        code=code_pb2.INVALID_ARGUMENT,
        reason="REQUEST_TOO_LARGE",
        sentence=Sentence(TOO_LARGE, {"limit": str(max_body_bytes)}),
        metadata={"limit": str(max_body_bytes)},
    )
    yield replace(malformed, when=http(431), sentence=Sentence(TOO_MANY_HEADERS))


def _refusals(refusals: Iterable[GatewayRefusal]) -> Iterator[Json]:
    """Each refusal in every language, English last: it has no filter for a language."""
    others = sorted(languages() - {ENGLISH})
    return (refusal.mapper(language) for refusal in refusals for language in (*others, ENGLISH))
