"""As much of an HTTP/2 client as tells how a transfer ended."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _WINDOW_UPDATE = 0, 1, 3, 4, 8
_END_STREAM, _END_HEADERS = 1, 4
_WINDOW = 2**30


@dataclass
class Transfer:
    """What arrived, and whether it ended as it should."""

    body: bytes = b""
    is_complete: bool = False


def get(port: int, path: str, **headers: str) -> Transfer:
    """GET over HTTP/2 without TLS; a stream that is reset is not complete."""
    named = {":method": "GET", ":scheme": "http", ":authority": "shop", ":path": path}
    block = b"".join(_literal(name.replace("_", "-"), value) for name, value in {**named, **headers}.items())
    transfer = Transfer()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
        connection.makefile("rb") as read,
    ):
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(_SETTINGS, 0, 0, struct.pack(">HI", 4, _WINDOW))
            + _frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", _WINDOW))
            + _frame(_HEADERS, _END_STREAM | _END_HEADERS, 1, block)
        )
        while head := read.read(9):
            size, kind, flags, stream = int.from_bytes(head[:3]), head[3], head[4], int.from_bytes(head[5:])
            payload = read.read(size)
            if stream != 1:
                continue
            if kind == _DATA:
                transfer.body += payload
            transfer.is_complete = kind in (_DATA, _HEADERS) and bool(flags & _END_STREAM)
            if kind == _RST_STREAM or transfer.is_complete:
                return transfer
    return transfer


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _literal(name: str, value: str) -> bytes:
    """A header that no table holds, in the compression's plainest form."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
