"""PasskeyService: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import auth_pb2, passkey_pb2_grpc
from sanset.v1 import passkey_pb2 as pb
from sqlalchemy import Connection

from server.auth.convert import TokenWriter
from server.auth.passkeys import queries
from server.auth.passkeys.service import PasskeyOptions, Passkeys
from server.auth.recovery.servicer import origin_of
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.rpc.wire import time_to_wire


class PasskeyServicer(passkey_pb2_grpc.PasskeyServiceServicer):
    """What an RPC promises is in the proto."""

    def __init__(
        self, db: Database, pages: Pages, clock: Clock, passkeys: Passkeys, tokens: TokenWriter
    ) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._passkeys = passkeys
        self._tokens = tokens

    def BeginPasskeySignIn(self, request: pb.BeginPasskeySignInRequest, call: Call) -> pb.PasskeyOptions:
        """Note a challenge."""
        with self._db.transaction() as tx:
            return _options_to_wire(self._passkeys.begin_sign_in(tx))

    async def FinishPasskeySignIn(
        self, request: pb.FinishPasskeySignInRequest, call: Call
    ) -> auth_pb2.Tokens:
        """Use the challenge up, and only then look at what was signed."""
        grant = await self._passkeys.finish_sign_in(
            request.credential_json,
            origin=origin_of(call),
            user_agent=call.user_agent,
            deadline=call.deadline,
        )
        return self._tokens.signed_in(grant, self._tokens.device_of(call.headers))

    def BeginPasskeyRegistration(
        self, request: pb.BeginPasskeyRegistrationRequest, call: Call
    ) -> pb.PasskeyOptions:
        """Note a challenge of the caller's."""
        with self._db.transaction() as tx:
            return _options_to_wire(self._passkeys.begin_registration(tx, call.identity))

    async def FinishPasskeyRegistration(
        self, request: pb.FinishPasskeyRegistrationRequest, call: Call
    ) -> pb.Passkey:
        """Use the challenge up, and only then look at what was made."""
        row = await self._passkeys.finish_registration(
            call.identity.user_id,
            request.credential_json,
            request.name,
            origin=origin_of(call),
            deadline=call.deadline,
        )
        return _passkey_to_wire(row)

    def ListPasskeys(self, request: pb.ListPasskeysRequest, call: Call) -> pb.ListPasskeysResponse:
        """One query for the page and a row more."""
        user_id = call.identity.user_id
        keys = self._pages.open(request.page_token, "ListPasskeys", user_id)
        size = self._pages.size(request.page_size)
        with self._db.read() as connection:
            rows = queries.page(connection, user_id, keys[0] if keys else 0, size + 1)
        items, token = self._pages.page(
            rows, size, _passkey_to_wire, lambda row: [row.id], "ListPasskeys", user_id
        )
        return pb.ListPasskeysResponse(items=items, next_page_token=token)

    @once(Empty)
    def DeletePasskey(
        self, tx: Connection, request: pb.DeletePasskeyRequest, call: Call, now: datetime
    ) -> Empty:
        """Delete one."""
        self._passkeys.delete(tx, call.identity, request.passkey_id, origin=origin_of(call))
        return Empty()


def _options_to_wire(options: PasskeyOptions) -> pb.PasskeyOptions:
    return pb.PasskeyOptions(options_json=options.json, expire_time=time_to_wire(options.expires_at))


def _passkey_to_wire(row: AnyRow) -> pb.Passkey:
    return pb.Passkey(
        id=row.id,
        name=row.name,
        backed_up=row.backed_up,
        create_time=time_to_wire(row.created_at),
        last_use_time=time_to_wire(row.last_used_at),
    )
