"""Messages written by hand, byte by byte, as no client library would write them."""

from __future__ import annotations

DELIMITED = 2
"""The wire type of strings, bytes and messages."""


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def tag(number: int, wire_type: int = DELIMITED) -> bytes:
    """What stands before the value of the field of a number."""
    return varint(number << 3 | wire_type)


def delimited(number: int, data: bytes) -> bytes:
    """A field of a number with a string or a message in it."""
    return tag(number) + varint(len(data)) + data
