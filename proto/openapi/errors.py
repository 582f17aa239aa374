"""The replies that refuse a call: google.rpc.Status as JSON, with every reason of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from openapi.contract import Call, Contract, Json
from openapi.schemas import REFERENCE, Schemas

REASONS = "sanset.v1.ErrorReason"
FIELD_REASONS = "sanset.v1.FieldReason"
TYPED = ("LineFailure", "PriceChange", "PaymentFailure", "CouponFailure", "PointsFailure")
"""The details of our own: facts of some reasons, typed."""
_TYPE = "type.googleapis.com/"


@dataclass(frozen=True)
class Refusal:
    """An HTTP status by which calls are refused."""

    status: int
    name: str
    text: str
    codes: tuple[str, ...]
    """The codes of gRPC that become this status."""


REFUSALS = (
    Refusal(
        400,
        "BadRequest",
        "The request is wrong (INVALID_ARGUMENT; `BadRequest` names each field), or the shop's state does not "
        "allow it (FAILED_PRECONDITION).",
        ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"),
    ),
    Refusal(401, "Unauthenticated", "No valid token was sent, or wrong credentials.", ("UNAUTHENTICATED",)),
    Refusal(403, "PermissionDenied", "The caller's role does not suffice.", ("PERMISSION_DENIED",)),
    Refusal(404, "NotFound", "It does not exist, or is not the caller's.", ("NOT_FOUND", "UNIMPLEMENTED")),
    Refusal(
        405,
        "MethodNotAllowed",
        "The path does not take this verb; `Allow` names those it does.",
        (),
    ),
    Refusal(
        409,
        "Conflict",
        "A unique value is taken (ALREADY_EXISTS), or somebody was faster (ABORTED).",
        ("ALREADY_EXISTS", "ABORTED"),
    ),
    Refusal(413, "TooLarge", "The body has more bytes than the server takes.", ()),
    Refusal(
        429, "TooManyCalls", "Too many calls; `Retry-After` says when to try again.", ("RESOURCE_EXHAUSTED",)
    ),
    Refusal(431, "HeadersTooLarge", "There are too many headers, or too large ones.", ()),
    Refusal(500, "Internal", "A fault of the server, logged under the request id.", ("INTERNAL",)),
    Refusal(503, "Unavailable", "The shop cannot answer at the moment. Try again.", ("UNAVAILABLE",)),
    Refusal(
        504,
        "DeadlineExceeded",
        "The call took too long. A write may have happened: repeat it with the same request id.",
        ("DEADLINE_EXCEEDED",),
    ),
)
ALWAYS = frozenset({400, 429, 431, 500, 503, 504})
"""Whatever the call."""

_LIMITS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
_HEADERS = {
    401: {"www-authenticate": "WwwAuthenticate"},
    405: {"allow": "Allow"},
    429: {"retry-after": "RetryAfter", **dict.fromkeys(_LIMITS, "RateLimit")},
    503: {"retry-after": "RetryAfter"},
}
"""What a refusal says in headers of its own, by its status."""


def refusals_of(call: Call, contract: Contract, *, has_path_fields: bool, has_body: bool) -> Json:
    """The replies by which a call may be refused, by their HTTP status."""
    return {
        str(refusal.status): {"$ref": f"#/components/responses/{refusal.name}"}
        for refusal in REFUSALS
        if refusal.status
        in ALWAYS | _statuses(call, contract, has_path_fields=has_path_fields, has_body=has_body)
    }


def _statuses(call: Call, contract: Contract, *, has_path_fields: bool, has_body: bool) -> frozenset[int]:
    statuses = {refusal.status for refusal in REFUSALS for code in refusal.codes if code in call.comment}
    statuses |= {_status_of(contract, reason) for reason in reasons_in(call.comment, contract)}
    if call.level != "PUBLIC":
        statuses |= {401, 403, 404}
    if has_path_fields:
        statuses.add(404)
    if has_body:
        statuses.add(413)
    if call.method.options.idempotency_level != call.method.options.NO_SIDE_EFFECTS:
        statuses.add(409)
    return frozenset(statuses)


def reasons_in(comment: str, contract: Contract) -> list[str]:
    """The reasons that a comment names, in the contract's order."""
    words = set(comment.replace("(", " ").replace(")", " ").replace(",", " ").replace(".", " ").split())
    return [value.name for value in contract.enums[REASONS].value if value.name in words]


def _status_of(contract: Contract, reason: str) -> int:
    """The HTTP status of a reason, by the code that its comment names."""
    comment = contract.comments[f"{REASONS}.{reason}"]
    return next(refusal.status for refusal in REFUSALS for code in refusal.codes if code in comment)


def responses() -> Json:
    """The components to which the calls refer, and what a path says to verbs that it does not take."""
    not_modified: Json = {
        "description": "The caller has the reply already; nothing changed.",
        "headers": headers({"etag": "Etag"}),
    }
    return {
        "NotModified": not_modified,
    } | {
        refusal.name: {
            "description": refusal.text,
            "headers": headers(_HEADERS.get(refusal.status, {})),
            "content": {"application/json": {"schema": {"$ref": REFERENCE + "google.rpc.Status"}}},
        }
        for refusal in REFUSALS
    }


def headers(more: Mapping[str, str] = MappingProxyType({})) -> Json:
    """The headers of a reply, by name: those of all, and `more`."""
    components = {"x-request-id": "RequestId", **more}
    return {name: {"$ref": f"#/components/headers/{component}"} for name, component in components.items()}


def status_schemas(schemas: Schemas) -> Json:
    """The schema of google.rpc.Status and of its details."""
    details = {
        "ErrorInfo": _detail(
            "ErrorInfo",
            "The reason, for programs. It comes first.",
            {
                "reason": schemas.enum(REASONS),
                "domain": {"const": "sanset"},
                "metadata": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "description": "The facts of the message; their keys stand beside the reason.",
                },
            },
        ),
        "RequestInfo": _detail(
            "RequestInfo",
            "The id by which the server's log names the call.",
            {"request_id": {"type": "string"}},
        ),
        "BadRequest": _detail(
            "BadRequest",
            "The fields that are wrong.",
            {"field_violations": _list_of(_violation(schemas.enum(FIELD_REASONS)))},
        ),
        "LocalizedMessage": _detail(
            "LocalizedMessage",
            "The message in the language that accept-language asks for, where that is there.",
            {"locale": {"type": "string", "examples": ["de"]}, "message": {"type": "string"}},
        ),
        "RetryInfo": _detail(
            "RetryInfo",
            "How long to wait before another try.",
            {"retry_delay": {"type": "string", "examples": ["1s"]}},
        ),
    }
    named = [{"$ref": f"{REFERENCE}google.rpc.{name}"} for name in details]
    status: Json = {
        "type": "object",
        "description": "Every refusal has this form. `code` is gRPC's, and `status` its name.",
        "required": ["code", "status", "message", "details"],
        "properties": {
            "code": {"type": "integer", "minimum": 1, "maximum": 16},
            "status": {"type": "string", "examples": ["INVALID_ARGUMENT"]},
            "message": {"type": "string", "description": "A sentence for people."},
            "details": _list_of({"oneOf": [*named, *(_typed(schemas, name) for name in TYPED)]}),
        },
    }
    return {"google.rpc.Status": status, **{f"google.rpc.{name}": schema for name, schema in details.items()}}


def _violation(reason: Json) -> Json:
    return {
        "type": "object",
        "properties": {
            "field": {"type": "string", "description": "The path of the field: `items[2].quantity`."},
            "description": {"type": "string", "description": "What is wrong, for people."},
            "localized_message": {
                "type": "object",
                "description": "The same in the caller's language, where that is there.",
                "properties": {"locale": {"type": "string"}, "message": {"type": "string"}},
            },
            "reason": {
                "description": "Why, for programs: a FieldReason, or the reason of the call.",
                "anyOf": [reason, {"$ref": f"{REFERENCE}ErrorReason"}],
            },
        },
    }


def _typed(schemas: Schemas, name: str) -> Json:
    """A detail of our own."""
    named: Json = {"properties": {"@type": {"const": f"{_TYPE}sanset.v1.{name}"}}, "required": ["@type"]}
    return {"allOf": [schemas.message(f"sanset.v1.{name}"), named]}


def _list_of(items: Json) -> Json:
    return {"type": "array", "items": items}


def _detail(name: str, description: str, properties: Json) -> Json:
    return {
        "type": "object",
        "description": description,
        "required": sorted({"@type", *properties} - {"metadata"}),
        "properties": {"@type": {"const": f"{_TYPE}google.rpc.{name}"}, **properties},
    }
