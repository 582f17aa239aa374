"""The accounts of a shop on a real database: the servicer, validated requests and a clock that tests move."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from sanset.v1 import auth_pb2, user_pb2
from sqlalchemy import event, select, update
from support.rooms import Methods, core_of

from server.auth import part as auth_part
from server.auth.devices import DEVICE_HEADER
from server.auth.recovery.codes import RecoveryCodes
from server.contract import SERVICES
from server.db.database import Announcement
from server.db.deadline import Deadline
from server.exports.calls import ExportCalls
from server.exports.file import Exports
from server.exports.my_data import MyData
from server.identity import Identity
from server.mail import queries
from server.mail.accounts import AccountMails
from server.mail.models import Mail
from server.privacy.servicer import Deletions
from server.roles.table import RoleTable
from server.rpc.call import Call
from server.rpc.validation import Validation
from server.settings import load
from server.user import part as user_part
from server.user.models import User

SECRET = "a secret of the tests, long enough for all"
PASSWORD = "demo-shop-1"


@dataclass(frozen=True)
class AccountMail:
    """A mail about an account."""

    kind: str
    recipient: str
    subject: str
    text: str

    @property
    def code(self) -> str:
        """The code in it."""
        return re.findall(r"\b\d{6}\b", self.text)[0]

    @property
    def token(self) -> str:
        """The token of the link in it."""
        return re.findall(r"https://shop\.test/api/v1/auth/verify-email/([\w-]+)", self.text)[0]


class AuthShop:
    """One worker's accounts."""

    def __init__(self, url: str, **changes: Any) -> None:
        # Rules that a test calls by itself must not meet the limits by which a busy worker spares its threads.
        patient = {"max_wait_seconds": 60, "max_queued_calls": 200}
        # Each call has an event loop of its own, which ends before a store could be asked.
        alone = {"rate_limit_store": "memory", "workers": 1}
        self.settings = load(
            _env_file=None,
            environment="test",
            **({"database_url": url, "secret_key": SECRET, "bcrypt_cost": 4} | patient | alone | changes),
        )
        # Whole seconds, as access tokens count; half an hour ago, so that `later` issues none in the future
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        self._core = core_of(self.settings, lambda: self.now)
        self._core.budgets._now = lambda: self.now.timestamp()  # a minute that does not end while a test runs
        self.db = self._core.db
        self.events: list[Announcement] = []
        self.db.on_commit = self.events.extend
        auth = auth_part.build(self._core, RoleTable())
        self.verifier, self.passwords = auth.verifier, auth.passwords
        my_data = ExportCalls(
            Exports(self.db, self._core.work), self._core.clock, (), my_data=MyData(self._core.work)
        ).my_data
        deletions = Deletions(
            self.db,
            self._core.work,
            self._core.clock,
            passwords=auth.recovery,
            factors=auth.second_factors,
            codes=auth.second_factor_changes,
        )
        users = user_part.build(self._core, my_data, deletions.DeleteMyAccount)
        self._methods = Methods(self._core, [auth, users])
        self._validation = Validation(SERVICES)
        self._accounts = AccountMails(
            RecoveryCodes.of(self.settings),
            self._core.vault,
            link_base="https://shop.test",
            default_language=self.settings.default_language,
        )
        self._last_mail = 0

    def close(self) -> None:
        """End its threads and connections."""
        self.passwords.close()
        self._core.pool.close()
        self.db.close()

    def later(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)

    def call(
        self,
        rpc: str,
        request: Message,
        caller: Identity | None = None,
        *,
        device: str = "curl/8",
        ip: str = "",
        device_id: str = "",
    ) -> Any:
        """Call an RPC as the interceptor does: validated, and on the pool unless it is async."""
        return asyncio.run(self.call_async(rpc, request, caller, device=device, ip=ip, device_id=device_id))

    async def call_async(
        self,
        rpc: str,
        request: Message,
        caller: Identity | None = None,
        *,
        device: str = "curl/8",
        ip: str = "",
        device_id: str = "",
        seconds: float = 15,
    ) -> Any:
        """The same, for calls that run at once, and have so many `seconds`."""
        self._validation.check(request)
        call = Call(
            method=f"/sanset.v1.AuthService/{rpc}",
            request_id="r-1",
            address=ip or "192.0.2.7",
            through_envoy=False,
            authorization=None,
            deadline=Deadline(seconds),
            caller=caller,
            headers={"user-agent": device} | ({DEVICE_HEADER: device_id} if device_id else {}),
        )
        return await self._methods.call(rpc, request, call)

    def register(self, email: str = "john@example.com", **fields: Any) -> user_pb2.User:
        """Register an account."""
        request = auth_pb2.RegisterRequest(
            **{"full_name": "John", "email": email, "password": PASSWORD} | fields
        )
        user: user_pb2.User = self.call("Register", request)
        return user

    def login(
        self,
        email: str = "john@example.com",
        password: str = PASSWORD,
        *,
        device: str = "curl/8",
        ip: str = "",
        device_id: str = "",
    ) -> auth_pb2.Tokens:
        """Sign in by e-mail address."""
        request = auth_pb2.LoginRequest(email=email, password=password)
        tokens: auth_pb2.Tokens = self.call("Login", request, device=device, ip=ip, device_id=device_id)
        return tokens

    def refresh(self, token: str) -> auth_pb2.Tokens:
        """Exchange a refresh token."""
        tokens: auth_pb2.Tokens = self.call("Refresh", auth_pb2.RefreshRequest(refresh_token=token))
        return tokens

    def who(self, tokens: auth_pb2.Tokens) -> Identity:
        """The caller that tokens prove."""
        return self.verifier.verify(tokens.access_token)

    def signed_in(self, email: str = "john@example.com") -> Identity:
        """A new account, signed in."""
        self.register(email)
        return self.who(self.login(email))

    def change_user(self, email: str, **values: Any) -> None:
        """Change an account behind the service's back."""
        with self.db.transaction() as tx:
            tx.execute(update(User).where(User.email_key == email).values(**values))

    def mails(self) -> list[AccountMail]:
        """The mails about accounts that were written since the last look, as they are sent."""
        with self.db.transaction() as tx:
            while self._accounts.write(tx, self.now):
                pass
            rows = tx.execute(select(Mail.__table__).where(Mail.id > self._last_mail).order_by(Mail.id)).all()
        self._last_mail = max((row.id for row in rows), default=self._last_mail)
        return [
            AccountMail(row.kind, row.recipient, row.subject, queries.opened(self.db.vault, row).plain)
            for row in rows
        ]

    def mail(self, kind: str, recipient: str) -> AccountMail:
        """The one mail of a kind to somebody among those that were written since the last look."""
        (mail,) = (mail for mail in self.mails() if (mail.kind, mail.recipient) == (kind, recipient))
        return mail

    def user(self, email: str = "john@example.com") -> Any:
        """An account's row."""
        with self.db.read() as connection:
            return connection.execute(select(User.__table__).where(User.email_key == email)).one()

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL statements that run meanwhile."""
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        event.listen(self.db.engine, "before_cursor_execute", note)
        yield seen
        event.remove(self.db.engine, "before_cursor_execute", note)
