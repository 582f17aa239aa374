"""SecondFactorService: gRPC in and out."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import second_factor_pb2 as pb
from sanset.v1 import second_factor_pb2_grpc
from sqlalchemy import Connection

from server.auth.recovery.service import Recovery
from server.auth.recovery.servicer import origin_of
from server.auth.second_factor.changes import CodeOfUser, SecondFactorChanges
from server.auth.second_factor.service import SecondFactors
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.errors import UserNotFound
from server.rpc.call import Call
from server.rpc.networks import network_of
from server.rpc.wire import time_to_wire
from server.user import service as users


class SecondFactorServicer(second_factor_pb2_grpc.SecondFactorServiceServicer):
    """What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        clock: Clock,
        factors: SecondFactors,
        changes: SecondFactorChanges,
        passwords: Recovery,
    ) -> None:
        """`passwords` verifies the one in use."""
        self._db = db
        self._work = work
        self._clock = clock
        self._factors = factors
        self._changes = changes
        self._passwords = passwords

    def GetSecondFactor(self, request: pb.GetSecondFactorRequest, call: Call) -> pb.SecondFactor:
        """Two queries."""
        with self._db.read() as connection:
            state = self._factors.state(connection, call.identity.user_id)
        return pb.SecondFactor(
            active=state.confirmed_at is not None,
            confirm_time=time_to_wire(state.confirmed_at),
            recovery_codes_left=state.recovery_codes_left,
        )

    async def SetUpSecondFactor(
        self, request: pb.SetUpSecondFactorRequest, call: Call
    ) -> pb.SetUpSecondFactorResponse:
        """Verify the password first: a session that was left open must not keep its owner out."""
        user_id = call.identity.user_id
        await self._passwords.verified_hash(
            user_id, request.current_password, origin=origin_of(call), deadline=call.deadline
        )
        return await self._work.write(self._set_up, user_id, deadline=call.deadline)

    def _set_up(self, tx: Connection, user_id: int) -> pb.SetUpSecondFactorResponse:
        contact = users.contact(tx, user_id)
        if contact is None:
            raise UserNotFound(user_id=user_id)
        made = self._factors.set_up(tx, contact, self._clock())
        return pb.SetUpSecondFactorResponse(secret=made.secret, uri=made.uri)

    def ConfirmSecondFactor(self, request: pb.ConfirmSecondFactorRequest, call: Call) -> pb.RecoveryCodes:
        """One transaction."""
        with self._db.transaction() as tx:
            codes = self._factors.confirm(tx, call.identity.user_id, request.code, self._clock())
        return pb.RecoveryCodes(items=codes)

    async def RenewRecoveryCodes(self, request: pb.RenewRecoveryCodesRequest, call: Call) -> pb.RecoveryCodes:
        """Count the try, and only then look at it."""
        codes = await self._changes.renew_recovery_codes(_sent(request.code, call), call.deadline)
        return pb.RecoveryCodes(items=codes)

    async def RemoveSecondFactor(self, request: pb.RemoveSecondFactorRequest, call: Call) -> Empty:
        """Count the try, and only then look at it."""
        await self._changes.remove(_sent(request.code, call), call.deadline)
        return Empty()


def _sent(code: str, call: Call) -> CodeOfUser:
    return CodeOfUser(call.identity.user_id, code, call.address, network_of(call.address))
