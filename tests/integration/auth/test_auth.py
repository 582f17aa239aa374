"""Accounts and sessions, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import auth_pb2, user_pb2
from sqlalchemy import func, select
from structlog.testing import capture_logs
from support.auth_shop import PASSWORD, AuthShop
from support.running_shop import RunningShop, refusal

from server.auth import first_admin, sessions
from server.auth.errors import InvalidCredentials, RefreshTokenInvalid, SessionNotFound, WeakPassword
from server.auth.models import RefreshToken, Session
from server.auth.passwords import Passwords, hash_password, password_keys
from server.errors import InvalidField, InvalidUpdateMask, TokenInvalid, UserNotFound
from server.events.follower import Follower
from server.identity import Identity, Role
from server.paging import InvalidPageToken
from server.user.errors import EmailTaken, UsernameTaken
from server.user.models import User

pytestmark = pytest.mark.either


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    made = AuthShop(database_url)
    yield made
    made.close()


def revoked(shop: AuthShop) -> list[str]:
    return [event.key for event in shop.events if event.topic == "session"]


# Registering


def test_a_new_user_can_sign_in_by_email_or_user_name_whatever_the_case(shop: AuthShop) -> None:
    user = shop.register("John@Example.com", full_name=" John Doe ", username="JohnD", phone="+49 30 1")
    assert (user.email, user.username, user.full_name, user.phone) == (
        "John@Example.com",
        "JohnD",
        "John Doe",
        "+49 30 1",
    )
    assert user.role == user_pb2.User.CUSTOMER
    assert user.create_time.seconds == int(shop.now.timestamp())
    assert shop.who(shop.login("JOHN@example.COM")).user_id == user.id
    by_name = shop.call("Login", auth_pb2.LoginRequest(username="johnd", password=PASSWORD))
    assert shop.who(by_name).user_id == user.id


@pytest.mark.both
def test_an_email_address_is_taken_whatever_its_case(shop: AuthShop) -> None:
    shop.register("john@example.com", username="john")
    for email in ("john@example.com", "JOHN@EXAMPLE.COM"):
        with pytest.raises(EmailTaken):
            shop.register(email, username="another")
    with pytest.raises(UsernameTaken, match="JOHN"):
        shop.register("jane@example.com", username="JOHN")
    with pytest.raises(EmailTaken):
        shop.register("john@example.com", username="john")


def test_users_without_a_user_name_do_not_collide(shop: AuthShop) -> None:
    assert shop.register("a@example.com").id != shop.register("b@example.com").id


@pytest.mark.both
def test_of_many_who_register_an_address_at_once_one_succeeds(shop: AuthShop) -> None:
    request = auth_pb2.RegisterRequest(full_name="John", email="john@example.com", password=PASSWORD)

    async def race() -> list[Any]:
        calls = (shop.call_async("Register", request) for _ in range(12))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(race())
    assert sum(isinstance(answer, user_pb2.User) for answer in answers) == 1
    assert sum(isinstance(answer, EmailTaken) for answer in answers) == 11


def test_bad_fields_are_refused_and_nothing_is_written(shop: AuthShop) -> None:
    for fields in (
        {"email": "not an address"},
        {"email": ""},
        {"email": "a@b@c"},
        {"email": "john@example.com\0"},
        {"full_name": ""},
        {"full_name": "   "},
        {"full_name": "John\0"},
        {"full_name": "John\r\nBcc: all@example.com"},
        {"full_name": "x" * 201},
        {"phone": "call me"},
        {"username": "jo"},
        {"username": "1john"},
        {"username": "john doe"},
        {"password": "short1"},
        {"password": "a1" * 65},
    ):
        with pytest.raises(InvalidField) as refusal:
            shop.register(**fields)
        assert refusal.value.violations[0][0] == next(iter(fields))
        with shop.db.read() as connection:
            assert connection.scalar(select(func.count()).select_from(User)) == 0


def test_a_weak_password_is_refused(shop: AuthShop) -> None:
    for password in ("password1", "onlyletters", "john1@example.com"):
        with pytest.raises(WeakPassword):
            shop.register("john1@example.com", password=password)


@pytest.mark.parametrize("length", [72, 73, 128])
def test_long_passwords_work(shop: AuthShop, length: int) -> None:
    password = "ü" * (length - 1) + "1"
    shop.register(password=password)
    assert shop.login(password=password)
    with pytest.raises(InvalidCredentials):
        shop.login(password="ü" * (length - 2) + "12"[: 128 - length + 2])


# Signing in


def test_a_session_records_where_it_was_opened(shop: AuthShop) -> None:
    shop.register()
    tokens = shop.login(device="Firefox " + "x" * 300, ip="2001:db8::1")
    assert (tokens.token_type, tokens.expires_in) == ("bearer", 3600)
    caller = shop.who(tokens)
    assert caller.role is Role.CUSTOMER
    (session,) = shop.call("ListSessions", auth_pb2.ListSessionsRequest(), caller).items
    assert (session.id, session.ip, session.current) == (caller.session_id, "2001:db8::1", True)
    assert session.device.startswith("Firefox")
    assert session.expire_time.seconds - session.create_time.seconds == 43_200 * 60
    request = auth_pb2.GetSessionRequest(session_id=session.id)
    assert shop.call("GetSession", request, caller) == session
    shop.call("RevokeSession", auth_pb2.RevokeSessionRequest(session_id=session.id), caller)
    with pytest.raises(SessionNotFound):
        shop.call("GetSession", request, caller)


def test_every_reason_not_to_sign_in_looks_the_same(shop: AuthShop) -> None:
    for email in ("john@example.com", "closed@example.com", "imported@example.com"):
        shop.register(email)
    shop.change_user("closed@example.com", is_active=False)
    shop.change_user("imported@example.com", password_hash=None)
    sentences = set()
    for email, password in [
        ("john@example.com", "wrong-shop-1"),
        ("nobody@example.com", PASSWORD),
        ("closed@example.com", PASSWORD),
        ("imported@example.com", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("john@example.com", "x" * 128),
    ]:
        with pytest.raises(InvalidCredentials) as refusal:
            shop.login(email, password)
        sentences.add(str(refusal.value))
    assert len(sentences) == 1


def test_either_email_or_user_name_is_given(shop: AuthShop) -> None:
    for fields in ({}, {"email": "a@example.com", "username": "a"}):
        with pytest.raises(InvalidField, match="either email or username"):
            shop.call("Login", auth_pb2.LoginRequest(password=PASSWORD, **fields))


def test_a_failed_sign_in_is_a_security_event_without_personal_data(shop: AuthShop) -> None:
    user = shop.register()
    with capture_logs() as logs, pytest.raises(InvalidCredentials):
        shop.login(password="wrong-shop-1")
    (line,) = [log for log in logs if log["event"] == "security_event"]
    assert (line["kind"], line["user_id"], line["address"]) == ("sign_in_failed", user.id, "192.0.2.7")
    assert "john@example.com" not in str(logs)
    assert "wrong-shop-1" not in str(logs)


def test_signing_in_takes_as_long_for_a_stranger_as_for_a_wrong_password(database_url: str) -> None:
    shop = AuthShop(database_url, bcrypt_cost=8)
    shop.register()

    def seconds(email: str) -> float:
        started = time.process_time()  # of work: the clock on the wall also counts our neighbours
        with pytest.raises(InvalidCredentials):
            shop.login(email, "wrong-shop-1")
        return time.process_time() - started

    known, unknown = [], []
    for _ in range(8):
        known.append(seconds("john@example.com"))
        unknown.append(seconds("nobody@example.com"))
        shop.later(60)  # or they were too many
    shop.close()
    assert min(unknown) == pytest.approx(min(known), rel=0.5)


def test_a_higher_cost_rehashes_at_the_next_sign_in(database_url: str) -> None:
    with_old_cost = AuthShop(database_url)
    with_old_cost.register()
    assert with_old_cost.user().password_hash.startswith("$2b$04$")
    with_old_cost.close()
    shop = AuthShop(database_url, bcrypt_cost=5)
    with pytest.raises(InvalidCredentials):
        shop.login(password="wrong-shop-1")
    assert shop.user().password_hash.startswith("$2b$04$")
    shop.login()
    rehashed = shop.user().password_hash
    assert rehashed.startswith("$2b$05$")
    shop.login()
    assert shop.user().password_hash == rehashed
    shop.close()


@pytest.mark.both
def test_first_sign_ins_at_a_higher_cost_may_come_at_once(database_url: str) -> None:
    with_old_cost = AuthShop(database_url)
    with_old_cost.register()
    with_old_cost.close()
    shop = AuthShop(database_url, bcrypt_cost=5)
    request = auth_pb2.LoginRequest(email="john@example.com", password=PASSWORD)

    async def at_once() -> None:
        await asyncio.gather(*(shop.call_async("Login", request) for _ in range(4)))

    asyncio.run(at_once())
    assert shop.user().password_hash.startswith("$2b$05$")
    with shop.db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Session)) == 4
    shop.close()


def test_a_password_that_changes_while_it_is_verified_opens_no_session(
    shop: AuthShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.register()
    verify = Passwords._verify

    def verify_while_it_changes(passwords: Passwords, password: str, hashed: str | None) -> bool:
        other = hash_password("another-shop-1", cost=4, keys=passwords._keys)
        shop.change_user("john@example.com", password_hash=other)
        return verify(passwords, password, hashed)

    monkeypatch.setattr(Passwords, "_verify", verify_while_it_changes)
    with pytest.raises(InvalidCredentials):
        shop.login()
    with shop.db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Session)) == 0


def test_one_session_too_many_ends_the_one_that_was_not_used_the_longest(
    shop: AuthShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_OPEN_SESSIONS", 3)
    shop.register()
    opened = []
    for _ in range(3):
        opened.append(shop.login())
        shop.later(60)
    shop.refresh(opened[0].refresh_token)
    shop.login()
    assert revoked(shop) == [shop.who(opened[1]).session_id]
    with pytest.raises(RefreshTokenInvalid):
        shop.refresh(opened[1].refresh_token)


# Refreshing


def test_a_refresh_gives_new_tokens_of_the_same_session(shop: AuthShop) -> None:
    shop.register()
    first = shop.login()
    shop.later(1000)
    shop.change_user("john@example.com", role="ADMIN")
    second = shop.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    before, after = shop.who(first), shop.who(second)
    assert after.session_id == before.session_id
    assert (before.role, after.role) == (Role.CUSTOMER, Role.ADMIN)
    (session,) = shop.call("ListSessions", auth_pb2.ListSessionsRequest(), before).items
    assert session.last_use_time.seconds == int(shop.now.timestamp())
    assert session.expire_time.seconds == int(shop.now.timestamp()) + 43_200 * 60


def test_only_hashes_are_stored(shop: AuthShop) -> None:
    shop.register()
    token = shop.login().refresh_token
    with shop.db.read() as connection:
        assert connection.scalars(select(RefreshToken.token_hash)).all() != [token]
        assert token not in str(connection.execute(select(RefreshToken.__table__)).all())


@pytest.mark.both
def test_a_repeat_within_the_grace_gets_the_same_token_again(shop: AuthShop) -> None:
    shop.register()
    token = shop.login().refresh_token
    successor = shop.refresh(token).refresh_token
    shop.later(shop.settings.default_deadline_seconds + 1)  # for which JSON waits for a reply that is lost
    assert shop.refresh(token).refresh_token == successor
    assert shop.refresh(successor).refresh_token not in (token, successor)
    assert not revoked(shop)


@pytest.mark.both
def test_many_refreshes_at_once_get_the_same_token(shop: AuthShop) -> None:
    shop.register()
    request = auth_pb2.RefreshRequest(refresh_token=shop.login().refresh_token)

    async def race() -> set[str]:
        replies = await asyncio.gather(*(shop.call_async("Refresh", request) for _ in range(12)))
        return {reply.refresh_token for reply in replies}

    (successor,) = asyncio.run(race())
    assert shop.refresh(successor)
    assert not revoked(shop)


@pytest.mark.parametrize("theft", ["after the grace", "after the successor was used"])
def test_a_reused_token_revokes_the_session_although_the_call_is_refused(shop: AuthShop, theft: str) -> None:
    user = shop.register()
    first = shop.login()
    other = shop.login()
    second = shop.refresh(first.refresh_token)
    if theft == "after the grace":
        shop.later(31)
    else:
        second = shop.refresh(second.refresh_token)
    with capture_logs() as logs, pytest.raises(RefreshTokenInvalid):
        shop.refresh(first.refresh_token)
    session_id = shop.who(first).session_id
    assert revoked(shop) == [session_id]
    assert [(log["kind"], log["user_id"], log["session_id"]) for log in logs] == [
        ("refresh_token_reused", user.id, session_id)
    ]
    with capture_logs() as logs:
        for token in (first.refresh_token, second.refresh_token):
            with pytest.raises(RefreshTokenInvalid):
                shop.refresh(token)
    assert logs == []  # told once
    assert shop.refresh(other.refresh_token)  # another session of the user goes on


def test_a_session_that_has_ended_cannot_be_refreshed(shop: AuthShop) -> None:
    shop.register()
    out, idle, closed = shop.login(), shop.login(), shop.login()
    shop.call("Logout", auth_pb2.LogoutRequest(), shop.who(out))
    with pytest.raises(RefreshTokenInvalid):
        shop.refresh(out.refresh_token)
    shop.change_user("john@example.com", is_active=False)
    with pytest.raises(RefreshTokenInvalid):
        shop.refresh(closed.refresh_token)
    shop.change_user("john@example.com", is_active=True)
    shop.later(43_200 * 60 + 1)
    for _ in range(2):
        with pytest.raises(RefreshTokenInvalid):
            shop.refresh(idle.refresh_token)
    assert len(revoked(shop)) == 1  # an expired session is no theft


def test_an_unknown_token_is_refused(shop: AuthShop) -> None:
    for token in ("unknown", "x" * 200, "' OR 1=1 --", "é"):
        with pytest.raises(RefreshTokenInvalid):
            shop.refresh(token)


def test_an_access_token_is_no_refresh_token(shop: AuthShop) -> None:
    shop.register()
    with pytest.raises((RefreshTokenInvalid, InvalidField)):
        shop.refresh(shop.login().access_token)


# Signing out


def test_signing_out_ends_this_session_and_no_other(shop: AuthShop) -> None:
    shop.register()
    here, there = shop.who(shop.login()), shop.who(shop.login())
    shop.call("Logout", auth_pb2.LogoutRequest(), here)
    shop.call("Logout", auth_pb2.LogoutRequest(), here)  # a repeat after a lost reply
    assert revoked(shop) == [here.session_id]
    (left,) = shop.call("ListSessions", auth_pb2.ListSessionsRequest(), there).items
    assert left.id == there.session_id


def test_signing_out_everywhere_ends_all_sessions_of_this_user(shop: AuthShop) -> None:
    jane = shop.signed_in("jane@example.com")
    shop.register()
    mine = [shop.who(shop.login()) for _ in range(3)]
    shop.call("Logout", auth_pb2.LogoutRequest(all_sessions=True), mine[0])
    assert sorted(revoked(shop)) == sorted(caller.session_id for caller in mine)
    assert len(shop.call("ListSessions", auth_pb2.ListSessionsRequest(), jane).items) == 1


def test_a_worker_learns_at_its_start_which_sessions_are_revoked(database_url: str, shop: AuthShop) -> None:
    shop.register()
    out, old, still = shop.login(), shop.login(), shop.login()
    shop.call("Logout", auth_pb2.LogoutRequest(), shop.who(out))
    shop.later(-3600 - 60)  # longer ago than an access token lives
    shop.call("Logout", auth_pb2.LogoutRequest(), shop.who(old))
    worker = AuthShop(database_url)
    worker.verifier.load(worker.db)
    with pytest.raises(TokenInvalid):
        worker.who(out)
    assert worker.who(still)
    assert len(worker.verifier._revoked) == 1
    worker.close()


def test_another_worker_refuses_the_token_within_250_ms(database_url: str, shop: AuthShop) -> None:
    shop.register()
    tokens = shop.login()
    worker = AuthShop(database_url)

    async def scenario() -> float:
        follower, mine = Follower(worker.db), Follower(shop.db)
        worker.verifier.attach(follower)
        shop.verifier.attach(mine)
        follower.start()
        mine.start()
        try:
            caller = worker.who(tokens)
            await shop.call_async("Logout", auth_pb2.LogoutRequest(), caller)
            replied = time.monotonic()
            await asyncio.sleep(0)
            with pytest.raises(TokenInvalid):  # the worker that answered knows before its reply is read
                shop.who(tokens)
            while time.monotonic() < replied + 5:
                try:
                    worker.who(tokens)
                except TokenInvalid:
                    return time.monotonic() - replied
                await asyncio.sleep(0.005)
            pytest.fail("the token stays valid")
        finally:
            follower.stop()
            mine.stop()

    seconds = asyncio.run(scenario())
    worker.close()
    assert seconds < 0.25


# Sessions


def test_sessions_are_listed_page_by_page_the_last_used_first(shop: AuthShop) -> None:
    shop.signed_in("jane@example.com")
    shop.register()
    opened = []
    for _ in range(5):
        opened.append(shop.who(shop.login()))
        opened.append(shop.who(shop.login()))  # at the same moment
        shop.later(1)
    listed, token = [], ""
    while True:
        request = auth_pb2.ListSessionsRequest(page_size=3, page_token=token)
        page = shop.call("ListSessions", request, opened[0])
        listed += page.items
        token = page.next_page_token
        if not token:
            break
        assert len(page.items) == 3
    assert {session.id for session in listed} == {caller.session_id for caller in opened}
    assert len(listed) == 10
    times = [session.last_use_time.seconds for session in listed]
    assert times == sorted(times, reverse=True)
    assert [session.id for session in listed if session.current] == [opened[0].session_id]


def test_a_page_token_of_someone_else_does_not_open(shop: AuthShop) -> None:
    john = shop.signed_in()
    shop.login()
    jane = shop.signed_in("jane@example.com")
    token = shop.call("ListSessions", auth_pb2.ListSessionsRequest(page_size=1), john).next_page_token
    for wrong, caller in ((token, jane), (token[:-2] + "AA", john), ("garbage", john)):
        with pytest.raises(InvalidPageToken):
            shop.call("ListSessions", auth_pb2.ListSessionsRequest(page_size=1, page_token=wrong), caller)


def test_only_ones_own_sessions_can_be_revoked(shop: AuthShop) -> None:
    john, jane = shop.signed_in(), shop.signed_in("jane@example.com")
    for session_id in (jane.session_id, "unknown", "x" * 64):
        with pytest.raises(SessionNotFound):
            shop.call("RevokeSession", auth_pb2.RevokeSessionRequest(session_id=session_id), john)
    assert not revoked(shop)
    for _ in range(2):
        shop.call("RevokeSession", auth_pb2.RevokeSessionRequest(session_id=john.session_id), john)
    assert revoked(shop) == [john.session_id]


# The profile


@pytest.mark.both
def test_getting_ones_account_takes_one_query(shop: AuthShop) -> None:
    caller = shop.signed_in()
    with shop.statements() as statements:
        me = shop.call("GetMe", user_pb2.GetMeRequest(), caller)
    assert me.email == "john@example.com"
    assert len(statements) == 1


def test_an_account_that_is_gone_is_not_found(shop: AuthShop) -> None:
    gone = Identity(987_654, Role.CUSTOMER, "s", time.time() + 60)
    with pytest.raises(UserNotFound):
        shop.call("GetMe", user_pb2.GetMeRequest(), gone)
    with pytest.raises(UserNotFound):
        shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user_pb2.User(phone="1")), gone)


def test_without_a_mask_the_filled_fields_change(shop: AuthShop) -> None:
    caller = shop.signed_in()
    shop.later(5)
    user = user_pb2.User(full_name=" Johnny ", role=user_pb2.User.ADMIN, email="evil@example.com", id=99)
    user.preferences.update({"diet": "vegan", "delivery": {"days": ["mon", "fri"], "ring": True}})
    me = shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user), caller)
    assert (me.full_name, me.email, me.id, me.role) == (
        "Johnny",
        "john@example.com",
        caller.user_id,
        user_pb2.User.CUSTOMER,
    )
    assert me.preferences == user.preferences
    assert me.update_time.seconds - me.create_time.seconds == 5
    again = shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user_pb2.User(phone="030 1")), caller)
    assert (again.full_name, again.phone, again.preferences) == ("Johnny", "030 1", user.preferences)
    assert shop.call("GetMe", user_pb2.GetMeRequest(), caller) == again


def test_a_mask_can_clear_fields(shop: AuthShop) -> None:
    shop.register(phone="030 1")
    caller = shop.who(shop.login())
    user = user_pb2.User()
    user.preferences.update({"a": 1})
    shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user), caller)
    cleared = user_pb2.UpdateMeRequest(
        user=user_pb2.User(), update_mask=FieldMask(paths=["phone", "preferences"])
    )
    me = shop.call("UpdateMe", cleared, caller)
    assert (me.full_name, me.phone, len(me.preferences)) == ("John", "", 0)


def test_an_update_of_nothing_changes_nothing(shop: AuthShop) -> None:
    caller = shop.signed_in()
    before = shop.call("GetMe", user_pb2.GetMeRequest(), caller)
    shop.later(5)
    assert shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user_pb2.User()), caller) == before


def test_a_mask_cannot_name_other_fields(shop: AuthShop) -> None:
    caller = shop.signed_in()
    for path in ("role", "email", "id", "create_time", "password_hash", "preferences.diet"):
        with pytest.raises(InvalidUpdateMask, match="full_name, phone, preferences"):
            shop.call(
                "UpdateMe",
                user_pb2.UpdateMeRequest(user=user_pb2.User(), update_mask=FieldMask(paths=[path])),
                caller,
            )


def preferences(**values: Any) -> user_pb2.User:
    user = user_pb2.User()
    for name, value in values.items():
        user.preferences[name] = value
    return user


def test_bad_values_are_refused_by_name(shop: AuthShop) -> None:
    caller = shop.signed_in()
    before = shop.call("GetMe", user_pb2.GetMeRequest(), caller)
    for user, field in (
        (user_pb2.User(full_name="  "), "user.full_name"),
        (user_pb2.User(full_name="a\0b"), "user.full_name"),
        (user_pb2.User(phone="\0"), "user.phone"),
        (preferences(big="x" * 8192), "user.preferences"),
        (preferences(big="ü" * 4096), "user.preferences"),
        (preferences(number=float("nan")), "user.preferences"),
        (preferences(number=float("inf")), "user.preferences"),
        (preferences(text="a\0b"), "user.preferences"),
        (preferences(**{"a\0b": 1}), "user.preferences"),
        (preferences(deep={"list": [{"x": "\0"}]}), "user.preferences"),
    ):
        with pytest.raises(InvalidField) as refusal:
            shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user), caller)
        assert refusal.value.violations[0][0] == field
        assert shop.call("GetMe", user_pb2.GetMeRequest(), caller) == before


def test_preferences_just_below_the_limit_are_kept(shop: AuthShop) -> None:
    caller = shop.signed_in()
    user = preferences(a="x" * (8192 - len('{"a":""}')), b=None)
    del user.preferences.fields["b"]
    assert shop.call("UpdateMe", user_pb2.UpdateMeRequest(user=user), caller).preferences == user.preferences


# The first admin


def make_admin(shop: AuthShop, email: str, password: str = "admin-shop-1") -> bool:
    hashed = hash_password(password, cost=4, keys=password_keys(shop.settings.ring))
    with shop.db.transaction() as tx:
        return first_admin.ensure_first_admin(tx, email, hashed, shop.now)


def test_the_first_admin_is_made_once(shop: AuthShop) -> None:
    with shop.db.read() as connection:
        assert first_admin.first_admin_is_missing(connection)
    assert make_admin(shop, "Admin@example.com")
    assert not make_admin(shop, "admin@example.com")
    assert not make_admin(shop, "second@example.com")
    with shop.db.read() as connection:
        assert not first_admin.first_admin_is_missing(connection)
    assert shop.who(shop.login("admin@example.com", "admin-shop-1")).role is Role.ADMIN


@pytest.mark.both
def test_processes_that_start_at_once_make_one_admin(shop: AuthShop) -> None:
    async def race() -> list[bool]:
        starts = (asyncio.to_thread(make_admin, shop, f"admin{n % 2}@example.com") for n in range(8))
        return await asyncio.gather(*starts)

    assert sum(asyncio.run(race())) == 1


def test_whoever_took_the_admins_address_before_loses_it(shop: AuthShop) -> None:
    squatter = shop.signed_in("admin@example.com")
    assert make_admin(shop, "admin@example.com")
    assert revoked(shop) == [squatter.session_id]
    with pytest.raises(InvalidCredentials):
        shop.login("admin@example.com")
    assert shop.who(shop.login("admin@example.com", "admin-shop-1")).role is Role.ADMIN


# Through a running server


def test_a_client_sees_why_a_password_is_refused(sqlite_shop: RunningShop) -> None:
    request = auth_pb2.RegisterRequest(full_name="John", email="weak@shop.test", password="password1")
    with pytest.raises(grpc.RpcError) as error:
        sqlite_shop.auth.Register(request)
    refused = refusal(error.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "WEAK_PASSWORD")
    assert refused.fields == ["password"]
    assert "most common" in refused.message


def test_a_token_is_useless_as_soon_as_the_sign_out_is_answered(sqlite_shop: RunningShop) -> None:
    account = sqlite_shop.customer(address=False)
    elsewhere = sqlite_shop.sign_in(account.email)
    sqlite_shop.auth.Logout(auth_pb2.LogoutRequest(), metadata=account.metadata)
    with pytest.raises(grpc.RpcError) as error:
        sqlite_shop.users.GetMe(user_pb2.GetMeRequest(), metadata=account.metadata)
    assert refusal(error.value).reason == "TOKEN_INVALID"
    assert (
        sqlite_shop.users.GetMe(user_pb2.GetMeRequest(), metadata=elsewhere.metadata).email == account.email
    )
    with pytest.raises(grpc.RpcError) as error:
        sqlite_shop.auth.Refresh(auth_pb2.RefreshRequest(refresh_token=account.tokens.refresh_token))
    assert refusal(error.value).reason == "REFRESH_TOKEN_INVALID"
