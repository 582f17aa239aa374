"""How JSON writes scalars, and Google's own messages, as schemas."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from openapi.contract import Json

_F = FieldDescriptorProto
_LONG: Json = {"type": "string", "format": "int64", "pattern": "^(0|-?[1-9][0-9]{0,18})$", "examples": ["1"]}
_INT: Json = {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}
_UNSIGNED: Json = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}

SCALARS: dict[int, Json] = {
    _F.TYPE_STRING: {"type": "string"},
    _F.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    _F.TYPE_BOOL: {"type": "boolean"},
    _F.TYPE_DOUBLE: {"type": "number", "format": "double"},
    _F.TYPE_FLOAT: {"type": "number", "format": "float"},
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32), _INT),
    **dict.fromkeys((_F.TYPE_UINT32, _F.TYPE_FIXED32), _UNSIGNED),
    **dict.fromkeys((_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64), _LONG),
    **dict.fromkeys((_F.TYPE_UINT64, _F.TYPE_FIXED64), _LONG),
}

WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Timestamp": {
        "type": "string",
        "format": "date-time",
        "description": "A moment in UTC: `2026-01-31T12:00:00Z`.",
    },
    "google.protobuf.Duration": {
        "type": "string",
        "pattern": r"^-?[0-9]+(\.[0-9]+)?s$",
        "description": "Seconds: `3.5s`.",
    },
    "google.protobuf.FieldMask": {
        "type": "string",
        "description": "Names of fields with commas between them: `name,price`.",
    },
    "google.protobuf.Struct": {"type": "object", "description": "Any JSON object."},
    "google.protobuf.Empty": {"type": "object"},
    "google.rpc.Status": {"type": "object"},  # with its details: see errors.py
    "google.type.Money": {
        "type": "object",
        "description": 'An amount of money: 19.99 USD is `units` "19" and `nanos` 990000000.',
        "properties": {
            "currency_code": {
                "type": "string",
                "description": "The currency's three letters of ISO 4217.",
                "examples": ["USD"],
            },
            "units": {**_LONG, "description": "The whole units.", "examples": ["19"]},
            "nanos": {
                **_INT,
                "minimum": -999_999_999,
                "maximum": 999_999_999,
                "description": "Billionths of a unit, with the sign of `units`.",
                "examples": [990_000_000],
            },
        },
        "additionalProperties": False,
    },
}
"""Messages that our own refer to, as JSON prints and takes them."""
