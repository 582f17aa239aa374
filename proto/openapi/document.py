"""The whole document: what it is about, then its operations, and what they refer to."""

from __future__ import annotations

from openapi.contract import Contract, Json
from openapi.errors import responses, status_schemas
from openapi.operations import CART_TOKEN, Operations
from openapi.schemas import Schemas

_ABOUT = """\
A shopping backend: accounts, catalogue, cart, checkout, live orders, recommendations. The same calls are open to \
gRPC and gRPC-Web.

**Signing in.** `Login` returns an access token, to be sent as `authorization: Bearer …`. On `/docs` it is taken \
over when `Login` is executed; a demo shop has the account of the example.

**JSON.** 64-bit integers are strings, enums their names. Zero values are printed. Unknown fields, values of \
another type and unknown parameters are refused. Fields may be added to replies, and names to enums.

**Errors.** Every refusal is a `google.rpc.Status` with an `ErrorInfo`, whose `reason` is for programs. A \
verb that a path does not take is 405, with `Allow`."""


def document(contract: Contract) -> Json:
    """Return the document as what is to be written as JSON."""
    schemas = Schemas(contract)
    paths = Operations(contract, schemas).paths()
    errors = status_schemas(schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sanset",
            "version": "v1",
            "description": _ABOUT,
        },
        "servers": [{"url": "/", "description": "This shop."}],
        "tags": [
            {
                "name": service.name.removesuffix("Service"),
                "description": contract.comments.get(service.name, ""),
            }
            for service in contract.services()
        ],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components, **errors},
            "responses": responses(),
            "headers": _HEADERS,
            "securitySchemes": _SECURITY,
        },
    }


_HEADERS: Json = {
    "RequestId": {
        "description": "The id of the call: the caller's `x-request-id`, or made up.",
        "schema": {"type": "string"},
    },
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "RateLimit": {
        "description": "Calls a minute, those that are left, and seconds until there is one. Every reply has it.",
        "schema": {"type": "integer"},
    },
    "Allow": {"description": "The verbs that the path takes.", "schema": {"type": "string"}},
    "Etag": {
        "description": "Stands for this very reply, for `if-none-match`. Only callers without a token get one.",
        "schema": {"type": "string", "pattern": '^(W/"[0-9a-f]{16}"|"[0-9a-f-]+\\.webp")$'},
    },
    "WwwAuthenticate": {
        "description": '`Bearer`, with `error="invalid_token"` where the token that was sent is not valid.',
        "schema": {"type": "string"},
    },
}
_SECURITY: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The access token from `Login` or `Refresh`.",
    },
    "cart": {
        "type": "apiKey",
        "in": "header",
        "name": CART_TOKEN,
        "description": "The token of a guest's cart, from the first `AddItem`.",
    },
}
