"""DeleteMyAccount: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import user_pb2 as pb
from sqlalchemy import Connection

from server.audit.log import Actor
from server.auth.recovery.service import Recovery
from server.auth.recovery.servicer import origin_of
from server.auth.second_factor.changes import CodeOfUser, SecondFactorChanges
from server.auth.second_factor.service import SecondFactors
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.privacy import deletion
from server.privacy.deletion import Proof
from server.repeats.short_call import earlier_reply, once
from server.rpc.call import Call
from server.rpc.networks import network_of


class Deletions:
    """Answers DeleteMyAccount. What it promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        clock: Clock,
        *,
        passwords: Recovery,
        factors: SecondFactors,
        codes: SecondFactorChanges,
    ) -> None:
        """`passwords` verifies the one in use, `codes` counts the tries of codes."""
        self._db = db
        self._work = work
        self._clock = clock
        self._passwords = passwords
        self._factors = factors
        self._codes = codes

    async def DeleteMyAccount(self, request: pb.DeleteMyAccountRequest, call: Call) -> Empty:
        """Verify the password, or count the try of a code, and only then close the account."""
        password, code = request.current_password, request.code
        # What is kept to know a repeat by must not be what a password could be guessed from.
        if password:
            request.current_password = self._passwords.fingerprint(password)
        if code:
            request.code = self._passwords.fingerprint(code)
        earlier = await self._work.run(earlier_reply, self, request, call, Empty, deadline=call.deadline)
        if earlier is not None:
            return earlier
        proof = await self._proof(password, code, call)
        return await self._work.run(self._delete, request, call, proof, deadline=call.deadline)

    async def _proof(self, password: str, code: str, call: Call) -> Proof:
        user_id = call.identity.user_id

        def check(connection: Connection) -> None:
            deletion.check_proof_kind(connection, user_id, has_code=bool(code), factors=self._factors)

        await self._work.read(check, deadline=call.deadline)
        if code:
            sent = CodeOfUser(user_id, code, call.address, network_of(call.address))
            await self._codes.count(sent, call.deadline)
            return Proof(code=code)
        verified_hash = await self._passwords.verified_hash(
            user_id, password, origin=origin_of(call), deadline=call.deadline
        )
        return Proof(verified_hash=verified_hash)

    @once(Empty)
    def _delete(
        self, tx: Connection, request: pb.DeleteMyAccountRequest, call: Call, now: datetime, proof: Proof
    ) -> Empty:
        deletion.delete_account(
            tx,
            call.identity.user_id,
            proof,
            factors=self._factors,
            actor=Actor.of(call),
            language=origin_of(call).language,
            now=now,
        )
        return Empty()
