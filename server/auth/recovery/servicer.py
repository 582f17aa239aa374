"""The half of AuthService by which users prove who they are again: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import auth_pb2_grpc
from sanset.v1 import recovery_pb2 as pb
from sqlalchemy import Connection

from server.auth.devices import DEVICE_HEADER
from server.auth.recovery import changes
from server.auth.recovery.changes import PasswordChange
from server.auth.recovery.proofs import Requester
from server.auth.recovery.requests import ProofRequests
from server.auth.recovery.service import Recovery
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.repeats import owners
from server.repeats.short_call import earlier_reply, once
from server.rpc.call import Call
from server.rpc.networks import network_of
from server.text.languages import requested_language
from server.user.lookup_key import lookup_key


def origin_of(call: Call) -> Requester:
    """Where a call comes from."""
    device = call.headers.get(DEVICE_HEADER)
    return Requester(
        call.address,
        network_of(call.address),
        requested_language(),
        call.request_id,
        device if isinstance(device, str) else "",
    )


def _mailbox(request: pb.ResetPasswordRequest, _: Call) -> str:
    """The name of a guest to whom request ids belong: the e-mail address of their code."""
    return owners.mailbox(lookup_key(request.email))


class RecoveryServicer(auth_pb2_grpc.AuthServiceServicer):
    """Links, codes, and changes of the password and address. What an RPC promises is in the proto."""

    def __init__(
        self, db: Database, work: Work, clock: Clock, recovery: Recovery, requests: ProofRequests
    ) -> None:
        self._db = db
        self._work = work
        self._clock = clock
        self._recovery = recovery
        self._requests = requests

    def VerifyEmail(self, request: pb.VerifyEmailRequest, call: Call) -> pb.VerifyEmailResponse:
        """Use the link."""
        with self._db.transaction() as tx:
            email = self._recovery.use_link(tx, request.token, origin=origin_of(call))
        return pb.VerifyEmailResponse(email=email)

    def ResendVerification(self, request: pb.ResendVerificationRequest, call: Call) -> Empty:
        """Have another link mailed."""
        with self._db.transaction() as tx:
            self._requests.resend_link(tx, request.email, origin=origin_of(call), now=self._clock())
        return Empty()

    def ForgotPassword(self, request: pb.ForgotPasswordRequest, call: Call) -> Empty:
        """Have a code mailed."""
        with self._db.transaction() as tx:
            self._requests.send_code(tx, request.email, origin=origin_of(call), now=self._clock())
        return Empty()

    async def ResetPassword(self, request: pb.ResetPasswordRequest, call: Call) -> Empty:
        """Try the code, hash, and only then replace the password."""
        code, password = request.otp, request.new_password
        # What is kept to know a repeat by must not be what a password could be guessed from.
        request.otp, request.new_password = self._fingerprints(code, password)
        earlier = await self._work.run(
            earlier_reply, self, request, call, Empty, "", _mailbox, deadline=call.deadline
        )
        if earlier is not None:
            return earlier
        new = await self._recovery.reset_password(
            request.email, code, password, origin=origin_of(call), deadline=call.deadline
        )
        return await self._work.run(self._reset_password, request, call, new, deadline=call.deadline)

    @once(Empty, guest=_mailbox)
    def _reset_password(
        self, tx: Connection, request: pb.ResetPasswordRequest, call: Call, now: datetime, new: PasswordChange
    ) -> Empty:
        changes.replace_password(tx, new, session_id="", origin=origin_of(call), now=now)
        return Empty()

    async def ChangePassword(self, request: pb.ChangePasswordRequest, call: Call) -> Empty:
        """Verify, hash, and only then replace the password."""
        current, password = request.current_password, request.new_password
        request.current_password, request.new_password = self._fingerprints(current, password)
        earlier = await self._work.run(earlier_reply, self, request, call, Empty, deadline=call.deadline)
        if earlier is not None:
            return earlier
        new = await self._recovery.changed_password(
            call.identity.user_id, current, password, origin=origin_of(call), deadline=call.deadline
        )
        return await self._work.run(self._change_password, request, call, new, deadline=call.deadline)

    @once(Empty)
    def _change_password(
        self,
        tx: Connection,
        request: pb.ChangePasswordRequest,
        call: Call,
        now: datetime,
        new: PasswordChange,
    ) -> Empty:
        session_id = call.identity.session_id
        changes.replace_password(tx, new, session_id=session_id, origin=origin_of(call), now=now)
        return Empty()

    async def ChangeEmail(self, request: pb.ChangeEmailRequest, call: Call) -> Empty:
        """Verify the password, and have a link mailed to the new address."""
        password = request.current_password
        request.current_password = self._recovery.fingerprint(password)
        earlier = await self._work.run(earlier_reply, self, request, call, Empty, deadline=call.deadline)
        if earlier is not None:
            return earlier
        verified_hash = await self._recovery.verified_hash(
            call.identity.user_id, password, origin=origin_of(call), deadline=call.deadline
        )
        return await self._work.run(self._change_email, request, call, verified_hash, deadline=call.deadline)

    @once(Empty)
    def _change_email(
        self, tx: Connection, request: pb.ChangeEmailRequest, call: Call, now: datetime, verified_hash: str
    ) -> Empty:
        self._requests.change_email(
            tx,
            call.identity.user_id,
            request.email,
            verified_hash=verified_hash,
            session_id=call.identity.session_id,
            origin=origin_of(call),
            now=now,
        )
        return Empty()

    def _fingerprints(self, *secrets: str) -> tuple[str, ...]:
        return tuple(self._recovery.fingerprint(secret) for secret in secrets)
