"""Sessions and what they are granted: plain values to protobuf, and devices from metadata."""

from __future__ import annotations

from collections.abc import Mapping

from sanset.v1 import auth_pb2 as pb

from server.auth.devices import DEVICE_HEADER, Device, Devices
from server.auth.sessions import Grant
from server.auth.tokens import AccessTokens
from server.clock import Clock
from server.db.base import AnyRow
from server.rpc.wire import time_to_wire


def session_to_wire(row: AnyRow, *, current_id: str) -> pb.Session:
    """A session as its user sees it; `current_id` is the session of the call."""
    return pb.Session(
        id=row.id,
        device=row.device,
        ip=row.ip,
        create_time=time_to_wire(row.created_at),
        last_use_time=time_to_wire(row.last_used_at),
        expire_time=time_to_wire(row.expires_at),
        current=row.id == current_id,
    )


class TokenWriter:
    """Makes the tokens of a grant, with the signed id of the device that they go to."""

    def __init__(self, access: AccessTokens, devices: Devices, clock: Clock) -> None:
        self._access = access
        self._devices = devices
        self._clock = clock

    def device_of(self, headers: Mapping[str, str | bytes]) -> Device | None:
        """The device that a call comes from, as its metadata proves."""
        return self._devices.read(headers.get(DEVICE_HEADER))

    def signed_in(self, grant: Grant, device: Device | None) -> pb.Tokens:
        """The tokens of a client that signed in on `device`."""
        return self._write(grant, self._devices.signed_in(device, grant.user_id, grant.session_id))

    def carried_on(self, grant: Grant, device: Device | None) -> pb.Tokens:
        """The tokens of a client that carries its session on, on `device`."""
        return self._write(grant, self._devices.carried_on(device, grant.user_id, grant.session_id))

    def _write(self, grant: Grant, device_id: str) -> pb.Tokens:
        return pb.Tokens(
            access_token=self._access.issue(
                grant.user_id,
                grant.role,
                grant.session_id,
                self._clock(),
                second_factor=grant.second_factor,
            ),
            token_type="bearer",  # noqa: S106 - the kind of token, not one
            expires_in=int(self._access.lifetime.total_seconds()),
            refresh_token=grant.refresh_token,
            device_id=device_id,
        )
