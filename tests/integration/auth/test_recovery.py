"""Links and codes by mail, and what changes a password or an e-mail address, on both databases."""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from sanset.v1 import auth_pb2, user_pb2
from sanset.v1 import recovery_pb2 as pb
from sqlalchemy import func, select, update
from support.auth_shop import PASSWORD, AuthShop
from support.running_shop import RunningShop, refusal

from server.auth import first_admin
from server.auth.errors import InvalidCredentials, RefreshTokenInvalid, WeakPassword
from server.auth.recovery.models import AccountNotice, EmailProof
from server.auth.throttle import PER_ADDRESS, TooManySignIns
from server.errors import InvalidField, Refusal
from server.identity import Identity
from server.mail.models import Mail
from server.text.languages import speak
from server.user.errors import EmailTaken

pytestmark = pytest.mark.either

JOHN, JANE, NOBODY = "john@example.com", "jane@example.com", "nobody@example.com"
NEW = "another-horse-2"
HOME, ELSEWHERE = "198.51.100.1", "203.0.113.9"


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    made = AuthShop(database_url, bcrypt_cost=4)
    yield made
    made.close()


def reason(shop: AuthShop, rpc: str, request: Message, caller: Identity | None = None, ip: str = "") -> str:
    """How a call ends."""
    try:
        shop.call(rpc, request, caller, ip=ip)
    except Refusal as refused:
        return refused.reason
    return "OK"


def registered(shop: AuthShop, email: str = JOHN) -> str:
    """Register, and return the token of the link that was mailed."""
    shop.register(email)
    return shop.mail("verify_email", email).token


def verify(shop: AuthShop, token: str) -> str:
    return reason(shop, "VerifyEmail", pb.VerifyEmailRequest(token=token))


def forgot(shop: AuthShop, email: str = JOHN, ip: str = HOME) -> str:
    return reason(shop, "ForgotPassword", pb.ForgotPasswordRequest(email=email), ip=ip)


def code_for(shop: AuthShop, email: str = JOHN, ip: str = HOME) -> str:
    """Forget a password, and return the code that was mailed."""
    assert forgot(shop, email, ip) == "OK"
    return shop.mail("reset_code", email).code


def wrong(code: str, shift: int = 1) -> str:
    return f"{(int(code) + shift) % 1_000_000:06d}"


def reset(shop: AuthShop, otp: str, *, email: str = JOHN, password: str = NEW, ip: str = HOME) -> str:
    request = pb.ResetPasswordRequest(email=email, otp=otp, new_password=password)
    return reason(shop, "ResetPassword", request, ip=ip)


def open_sessions(shop: AuthShop, caller: Identity) -> set[str]:
    items = shop.call("ListSessions", auth_pb2.ListSessionsRequest(), caller).items
    return {item.id for item in items}


def outcomes(race: Coroutine[Any, Any, list[Any]]) -> Counter[str]:
    """How calls that ran at once ended."""
    ended: Counter[str] = Counter()
    for answer in asyncio.run(race):
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
        ended[answer.reason if isinstance(answer, Refusal) else "OK"] += 1
    return ended


# Confirming an address


def test_a_new_user_confirms_the_address_by_the_link_that_is_mailed(shop: AuthShop) -> None:
    assert not shop.register(JOHN).is_verified
    caller = shop.who(shop.login())
    mail = shop.mail("verify_email", JOHN)
    assert mail.subject == "Confirm your e-mail address"
    assert mail.text.startswith("Hello John,")
    reply = shop.call("VerifyEmail", pb.VerifyEmailRequest(token=mail.token))
    assert reply == pb.VerifyEmailResponse(email=JOHN)
    assert shop.call("GetMe", user_pb2.GetMeRequest(), caller).is_verified
    assert shop.mail("email_verified", JOHN).text == (
        "Hello John,\n\nThank you: your e-mail address is confirmed.\n"
    )
    assert open_sessions(shop, caller) == {caller.session_id}


def test_a_link_works_once_for_a_day(shop: AuthShop) -> None:
    first, second = registered(shop), registered(shop, JANE)
    assert [verify(shop, first) for _ in range(2)] == ["OK", "OK"]  # a page that was loaded twice
    assert [mail.kind for mail in shop.mails()] == ["email_verified"]
    shop.later(31)
    assert verify(shop, first) == "LINK_USED"
    shop.later(24 * 3600 - 32)
    assert verify(shop, second) == "OK"
    third = registered(shop, "third@example.com")
    shop.later(24 * 3600)
    assert verify(shop, third) == "LINK_EXPIRED"
    assert not shop.user("third@example.com").email_verify_time


def test_any_other_token_is_invalid(shop: AuthShop) -> None:
    token = registered(shop)
    edited = ("A" if token[0] != "A" else "B") + token[1:]
    for other in (edited, token[:-1], token + "A", token.swapcase(), "x", "' OR 1=1 --", "é" * 30):
        assert verify(shop, other) == "LINK_INVALID"
    assert verify(shop, token) == "OK"


@pytest.mark.both
def test_of_many_visits_at_once_one_confirms(shop: AuthShop) -> None:
    request = pb.VerifyEmailRequest(token=registered(shop))

    async def race() -> list[Any]:
        return await asyncio.gather(*(shop.call_async("VerifyEmail", request) for _ in range(8)))

    assert {reply.email for reply in asyncio.run(race())} == {JOHN}
    assert [mail.kind for mail in shop.mails()] == ["email_verified"]


def test_another_link_is_mailed_until_the_address_is_confirmed(shop: AuthShop) -> None:
    registered(shop)
    request = pb.ResendVerificationRequest(email="JOHN@example.com")
    assert reason(shop, "ResendVerification", request) == "OK"
    assert verify(shop, shop.mail("verify_email", JOHN).token) == "OK"
    shop.mails()
    assert reason(shop, "ResendVerification", request) == "OK"
    assert shop.mails() == []


def test_a_shop_may_want_addresses_confirmed_before_users_sign_in(database_url: str) -> None:
    shop = AuthShop(database_url, require_email_verification=True)
    token = registered(shop)
    with pytest.raises(InvalidCredentials):
        shop.login(password="wrong-shop-1")
    login = auth_pb2.LoginRequest(email=JOHN, password=PASSWORD)
    for _ in range(8):  # the password is right: nothing is counted
        assert reason(shop, "Login", login) == "EMAIL_NOT_VERIFIED"
    assert verify(shop, token) == "OK"
    assert shop.login()
    registered(shop, JANE)
    assert reset(shop, code_for(shop, JANE), email=JANE) == "OK", "a code proves the address as well"
    assert shop.login(JANE, NEW)
    shop.close()


def test_the_first_admin_need_not_confirm_an_address(shop: AuthShop) -> None:
    with shop.db.transaction() as tx:
        first_admin.ensure_first_admin(tx, "admin@example.com", "a hash", shop.now)
    assert shop.user("admin@example.com").email_verify_time == shop.now


def test_who_had_the_address_of_the_first_admin_keeps_no_way_in(shop: AuthShop) -> None:
    registered(shop)
    squatter = shop.who(shop.login())
    change = pb.ChangeEmailRequest(email="squatter@example.com", current_password=PASSWORD)
    assert reason(shop, "ChangeEmail", change, squatter) == "OK"
    link, code = shop.mail("confirm_email", "squatter@example.com").token, code_for(shop)
    with shop.db.transaction() as tx:
        assert first_admin.ensure_first_admin(tx, JOHN, "a hash", shop.now)
    assert verify(shop, link) == "LINK_INVALID"
    assert reset(shop, code) == "CODE_USED"
    assert shop.user().password_hash == "a hash"


# Forgotten passwords


def test_a_code_that_is_mailed_sets_another_password_and_ends_every_session(shop: AuthShop) -> None:
    registered(shop)
    tokens = [shop.login(), shop.login()]
    code = code_for(shop)
    assert reset(shop, code) == "OK"
    for each in tokens:
        with pytest.raises(RefreshTokenInvalid):
            shop.refresh(each.refresh_token)
    ended = {event.key for event in shop.events if event.topic == "session"}
    assert ended == {shop.who(each).session_id for each in tokens}
    mail = shop.mail("password_changed", JOHN)
    assert "your other devices were signed out" in mail.text
    with pytest.raises(InvalidCredentials):
        shop.login()
    assert shop.login(password=NEW)
    assert shop.user().email_verify_time == shop.now


def test_a_code_works_once_for_ten_minutes(shop: AuthShop) -> None:
    registered(shop)
    code = code_for(shop)
    assert [reset(shop, code), reset(shop, code)] == ["OK", "CODE_USED"]
    late = code_for(shop)
    shop.later(600)
    assert reset(shop, late) == "CODE_EXPIRED"


def test_every_code_of_the_mailbox_works_and_one_ends_the_others(shop: AuthShop) -> None:
    registered(shop)
    first, second = code_for(shop), code_for(shop)
    assert reset(shop, first) == "OK"
    assert reset(shop, second) == "CODE_USED"


def test_a_code_has_five_tries(shop: AuthShop) -> None:
    registered(shop)
    code = code_for(shop)
    tries = [reset(shop, wrong(code, n)) for n in range(1, 6)]
    assert tries == ["CODE_INVALID"] * 5
    assert reset(shop, code) == "CODE_EXHAUSTED"
    assert reset(shop, code_for(shop)) == "OK"


@pytest.mark.both
def test_tries_at_once_are_no_more_than_tries_one_after_the_other(shop: AuthShop) -> None:
    registered(shop)
    code = code_for(shop)

    async def race() -> list[Any]:
        requests = (
            pb.ResetPasswordRequest(email=JOHN, otp=wrong(code, n), new_password=NEW) for n in range(1, 19)
        )
        calls = (shop.call_async("ResetPassword", request, ip=HOME) for request in requests)
        return await asyncio.gather(*calls, return_exceptions=True)

    assert outcomes(race()) == {"CODE_INVALID": 5, "CODE_EXHAUSTED": 13}
    with shop.db.read() as connection:
        assert connection.scalars(select(EmailProof.attempts).where(EmailProof.purpose == "RESET")).all() == [
            5
        ]


@pytest.mark.both
def test_the_right_code_sent_twice_at_once_is_used_once(shop: AuthShop) -> None:
    registered(shop)
    fields = {"email": JOHN, "otp": code_for(shop), "new_password": NEW}

    async def race() -> list[Any]:
        requests = (pb.ResetPasswordRequest(**fields) for _ in range(4))
        calls = (shop.call_async("ResetPassword", request, ip=HOME) for request in requests)
        return await asyncio.gather(*calls, return_exceptions=True)

    assert outcomes(race()) == {"OK": 1, "CODE_USED": 3}


def test_strangers_who_guess_leave_the_owner_tries(shop: AuthShop) -> None:
    registered(shop)
    code = code_for(shop)
    guesses = [reset(shop, wrong(code, n), ip=f"203.0.113.{n}") for n in range(1, 41)]
    assert Counter(guesses) == {"CODE_INVALID": 3, "CODE_EXHAUSTED": 37}
    assert reset(shop, code, ip=ELSEWHERE) == "CODE_EXHAUSTED", "the right one among their guesses"
    assert reset(shop, code, ip=HOME) == "OK"


def test_strangers_who_ask_for_codes_leave_the_owner_some(shop: AuthShop) -> None:
    registered(shop)
    shop.login(ip=HOME)
    asked = [forgot(shop, ip=f"203.0.113.{n}") for n in range(1, 11)]
    assert asked == ["OK"] * 5 + ["TOO_MANY_MAILS"] * 5
    shop.mails()
    assert reset(shop, code_for(shop, ip=HOME)) == "OK"


def test_strangers_in_one_place_leave_an_owner_codes_who_is_in_a_new_one(shop: AuthShop) -> None:
    registered(shop)
    shop.login(ip=HOME)
    line = (ELSEWHERE, "2001:db8:1:2::1", ELSEWHERE, "2001:db8:1:2::2", ELSEWHERE, "2001:db8:1:2:3::4")
    assert [forgot(shop, ip=ip) for ip in line] == ["OK"] * 3 + ["TOO_MANY_MAILS"] * 3
    for n, ip in enumerate(line):
        reset(shop, f"{n:06d}", ip=ip)
    shop.mails()
    code = code_for(shop, ip="192.0.2.99")
    for n, ip in enumerate(line):
        reset(shop, wrong(code, n + 1), ip=ip)
    assert forgot(shop, ip="192.0.2.99") == "TOO_MANY_MAILS"
    assert reset(shop, code, ip="192.0.2.99") == "OK"


def test_the_same_is_left_of_an_address_of_nobody(shop: AuthShop) -> None:
    registered(shop)
    places = [ELSEWHERE] * 4 + ["192.0.2.99"] * 2 + ["192.0.2.100", "192.0.2.101"]
    ended = [[forgot(shop, email, ip) for ip in places] for email in (JOHN, NOBODY)]
    assert ended[0] == ended[1]
    assert Counter(ended[0]) == {"OK": 5, "TOO_MANY_MAILS": 3}


def test_the_owners_device_is_no_stranger_wherever_it_is(shop: AuthShop) -> None:
    registered(shop)
    device = shop.login(ip=HOME).device_id
    for n in range(1, 11):
        forgot(shop, ip=f"203.0.113.{n}")
    shop.mails()
    shop.call("ForgotPassword", pb.ForgotPasswordRequest(email=JOHN), ip=ELSEWHERE, device_id=device)
    code = shop.mail("reset_code", JOHN).code
    for n in range(1, 41):
        reset(shop, wrong(code, n), ip=f"203.0.113.{n + 10}")
    request = pb.ResetPasswordRequest(email=JOHN, otp=code, new_password=NEW)
    shop.call("ResetPassword", request, ip="192.0.2.99", device_id=device)
    assert shop.login(password=NEW)


def test_a_reset_unlocks_an_account_that_strangers_had_locked(shop: AuthShop) -> None:
    registered(shop)
    login = auth_pb2.LoginRequest(email=JOHN, password="wrong-shop-1")
    for n in range(20):
        reason(shop, "Login", login, ip=f"203.0.113.{n}")
        shop.later(13)
    assert reason(shop, "Login", auth_pb2.LoginRequest(email=JOHN, password=PASSWORD), ip=HOME) == (
        "ACCOUNT_LOCKED"
    )
    assert reset(shop, code_for(shop)) == "OK"
    assert shop.login(password=NEW, ip=HOME)


def test_one_address_does_not_fill_the_mailboxes_of_many(shop: AuthShop) -> None:
    asked = Counter(forgot(shop, f"user-{n}@example.com", ip=ELSEWHERE) for n in range(30))
    assert asked == {"OK": 20, "TOO_MANY_MAILS": 10}
    shop.later(3600)
    assert forgot(shop, ip=ELSEWHERE) == "OK"


def test_codes_are_guessed_no_faster_than_passwords_from_one_address(shop: AuthShop) -> None:
    guesses = Counter(reset(shop, "000000", email=f"user-{n}@example.com") for n in range(30))
    assert guesses == {"CODE_INVALID": PER_ADDRESS, "TOO_MANY_SIGN_INS": 30 - PER_ADDRESS}


def test_ten_thousand_guesses_from_many_addresses_meet_the_tries_of_each_code(shop: AuthShop) -> None:
    """A tenth of them: those that are left out would be refused like the last ones."""
    registered(shop)
    codes = [code_for(shop, ip=f"192.0.2.{n}") for n in range(1, 6)]
    assert forgot(shop, ip="192.0.2.6") == "TOO_MANY_MAILS"
    guesses = (f"{n:06d}" for n in itertools.count() if f"{n:06d}" not in codes)
    ended = Counter(reset(shop, next(guesses), ip=f"203.0.113.{n % 250}") for n in range(60))
    ended += Counter(reset(shop, code, ip=f"203.0.113.{n}") for n, code in enumerate(codes))
    assert ended == {"CODE_INVALID": 3, "CODE_EXHAUSTED": 62}
    shop.later(3600)
    assert reset(shop, code_for(shop)) == "OK"


def test_a_weak_password_costs_no_try(shop: AuthShop) -> None:
    registered(shop)
    code = code_for(shop)
    for _ in range(6):
        request = pb.ResetPasswordRequest(email=JOHN, otp=code, new_password="password1")
        with pytest.raises(WeakPassword) as caught:
            shop.call("ResetPassword", request)
        assert caught.value.violations[0].field == "new_password"
    assert reset(shop, code) == "OK"


def test_a_repeat_of_a_reset_with_its_request_id_gets_the_first_reply(shop: AuthShop) -> None:
    registered(shop)
    request = pb.ResetPasswordRequest(
        email=JOHN, otp=code_for(shop), new_password=NEW, request_id=str(uuid.uuid4())
    )
    other = pb.ResetPasswordRequest(email=JOHN, otp=request.otp, new_password="third-horse-3")
    other.request_id = request.request_id
    assert (
        reason(shop, "ResetPassword", pb.ResetPasswordRequest.FromString(request.SerializeToString())) == "OK"
    )
    assert reason(shop, "ResetPassword", request) == "OK"
    assert reason(shop, "ResetPassword", other) == "IDEMPOTENCY_MISMATCH"
    assert shop.login(password=NEW)
    assert [mail.kind for mail in shop.mails()] == ["password_changed"]


def test_an_imported_user_without_a_password_gets_one_and_a_closed_account_does_not(shop: AuthShop) -> None:
    registered(shop)
    shop.change_user(JOHN, password_hash=None)
    assert reset(shop, code_for(shop)) == "OK"
    shop.change_user(JOHN, is_active=False)
    shop.mails()
    assert forgot(shop) == "OK"
    assert shop.mails() == []


def test_an_account_that_is_closed_meanwhile_gets_no_password(shop: AuthShop) -> None:
    registered(shop)
    code = code_for(shop)
    before = shop.user().password_hash
    shop.change_user(JOHN, is_active=False)
    assert reset(shop, code) == "CODE_INVALID"
    assert shop.user().password_hash == before


# Nobody learns who has an account


@pytest.mark.both
def test_the_same_is_said_and_done_for_an_address_of_nobody(shop: AuthShop) -> None:
    registered(shop)
    asking = (
        ("ForgotPassword", lambda email, _: pb.ForgotPasswordRequest(email=email)),
        ("ResendVerification", lambda email, _: pb.ResendVerificationRequest(email=email)),
        (
            "ResetPassword",
            lambda email, n: pb.ResetPasswordRequest(email=email, otp=f"{n:06d}", new_password=NEW),
        ),
        ("Login", lambda email, n: auth_pb2.LoginRequest(email=email, password=f"wrong-shop-{n}")),
    )
    for rpc, request in asking:
        done = {}
        for email in (JOHN, NOBODY):
            with shop.statements() as statements:
                ended = [reason(shop, rpc, request(email, n), ip=ELSEWHERE) for n in range(7)]
            done[email] = (ended, statements)
        assert done[JOHN] == done[NOBODY], rpc
        shop.later(61)


def test_a_code_that_was_used_tells_others_nothing(shop: AuthShop) -> None:
    registered(shop)
    ended = {}
    for email in (JOHN, NOBODY):
        code = code_for(shop) if email == JOHN else "123456"
        if email == JOHN:
            assert reset(shop, code) == "OK"
        else:
            assert forgot(shop, NOBODY) == "OK"
        guesses = [wrong(code, n) for n in range(1, 6)]
        ended[email] = [reset(shop, each, email=email, ip=ELSEWHERE) for each in guesses]
    assert ended[JOHN] == ended[NOBODY] == ["CODE_INVALID"] * 3 + ["CODE_EXHAUSTED"] * 2


def test_codes_links_and_addresses_are_stored_as_hashes_and_mails_sealed(shop: AuthShop) -> None:
    token, code = registered(shop), code_for(shop)
    forgot(shop, NOBODY)
    with shop.db.read() as connection:
        rows = str(connection.execute(select(EmailProof.__table__)).all())
        mails = str(connection.execute(select(Mail.__table__)).all())
        notices = str(connection.execute(select(AccountNotice.__table__)).all())
    for secret in (token, code):
        assert secret not in rows + mails + notices
    assert JOHN not in rows
    assert NOBODY not in rows + mails + notices
    shop.mails()
    with shop.db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(AccountNotice)) == 0


# Changing the password


def changed(shop: AuthShop, caller: Identity, current: str = PASSWORD, new: str = NEW, **fields: str) -> str:
    request = pb.ChangePasswordRequest(current_password=current, new_password=new, **fields)
    return reason(shop, "ChangePassword", request, caller)


def test_changing_the_password_ends_the_other_sessions_and_is_mailed(shop: AuthShop) -> None:
    registered(shop)
    here, there = shop.who(shop.login()), shop.who(shop.login())
    assert changed(shop, here) == "OK"
    assert open_sessions(shop, here) == {here.session_id}
    assert [event.key for event in shop.events if event.topic == "session"] == [there.session_id]
    assert shop.mail("password_changed", JOHN)
    assert shop.login(password=NEW)
    with pytest.raises(InvalidCredentials):
        shop.login()


def test_the_current_password_is_asked_for_and_guessed_no_faster_than_at_a_sign_in(shop: AuthShop) -> None:
    caller = shop.signed_in()
    with pytest.raises(Refusal) as caught:
        shop.call("ChangePassword", pb.ChangePasswordRequest(current_password="x", new_password=NEW), caller)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.violations[0].field == "current_password"
    guesses = [changed(shop, caller, "wrong-shop-1") for _ in range(5)]
    assert guesses == ["CURRENT_PASSWORD_WRONG"] * 4 + ["TOO_MANY_SIGN_INS"]
    with pytest.raises(TooManySignIns):
        shop.login()
    shop.later(60)
    assert changed(shop, caller, new="password1") == "WEAK_PASSWORD"
    assert changed(shop, caller, new=JOHN + "1") == "OK"


def test_a_repeat_of_a_change_with_its_request_id_gets_the_first_reply(shop: AuthShop) -> None:
    caller, request_id = shop.signed_in(), str(uuid.uuid4())
    assert changed(shop, caller, request_id=request_id) == "OK"
    assert changed(shop, caller, request_id=request_id) == "OK"
    assert changed(shop, caller, new="third-horse-3", request_id=request_id) == "IDEMPOTENCY_MISMATCH"
    assert changed(shop, caller) == "CURRENT_PASSWORD_WRONG"
    assert [mail.kind for mail in shop.mails()].count("password_changed") == 1


def test_a_change_of_the_password_voids_what_was_mailed_before(shop: AuthShop) -> None:
    caller = shop.signed_in()
    code = code_for(shop)
    assert change_email(shop, caller, "thief@example.com") == "OK"
    link = shop.mail("confirm_email", "thief@example.com").token
    assert changed(shop, caller) == "OK"
    assert reset(shop, code) == "CODE_USED"
    assert verify(shop, link) == "LINK_INVALID"
    assert shop.user()


# Changing the e-mail address


def change_email(
    shop: AuthShop, caller: Identity, email: str, password: str = PASSWORD, *, ip: str = ""
) -> str:
    request = pb.ChangeEmailRequest(email=email, current_password=password)
    return reason(shop, "ChangeEmail", request, caller, ip=ip)


def test_an_address_is_changed_once_it_is_confirmed_and_the_old_one_is_told(shop: AuthShop) -> None:
    registered(shop)
    here, there = shop.who(shop.login()), shop.who(shop.login())
    assert change_email(shop, here, "Johnny@example.com") == "OK"
    mails = {mail.recipient: mail for mail in shop.mails()}
    assert mails[JOHN].kind == "email_change"
    assert "Johnny@example.com" in mails[JOHN].text
    assert shop.login(), "nothing is changed yet"
    assert verify(shop, mails["Johnny@example.com"].token) == "OK"
    assert verify(shop, mails["Johnny@example.com"].token) == "OK", "a page that was loaded twice"
    me = shop.call("GetMe", user_pb2.GetMeRequest(), here)
    assert (me.email, me.is_verified) == ("Johnny@example.com", True)
    assert there.session_id not in open_sessions(shop, here)
    assert here.session_id in open_sessions(shop, here)
    told = {mail.recipient: mail.kind for mail in shop.mails()}
    assert told == {JOHN: "email_changed", "Johnny@example.com": "email_changed"}
    with pytest.raises(InvalidCredentials):
        shop.login()
    assert shop.login("johnny@example.com")


@pytest.mark.both
def test_who_asks_for_an_address_that_is_taken_does_not_learn_it_and_its_owner_does(shop: AuthShop) -> None:
    registered(shop, JANE)
    caller = shop.signed_in()
    shop.mails()
    done = {}
    for email in (JANE, NOBODY):
        with shop.statements() as statements:
            done[email] = (change_email(shop, caller, email), list(statements))
    assert done[JANE] == done[NOBODY]
    kinds = {mail.recipient: mail.kind for mail in shop.mails()}
    assert kinds == {JANE: "address_taken", NOBODY: "confirm_email", JOHN: "email_change"}


def test_an_address_that_was_taken_meanwhile_is_refused(shop: AuthShop) -> None:
    caller = shop.signed_in()
    assert change_email(shop, caller, JANE) == "OK"
    link = shop.mail("confirm_email", JANE).token
    shop.register(JANE)
    with pytest.raises(EmailTaken):
        shop.call("VerifyEmail", pb.VerifyEmailRequest(token=link))
    assert shop.user(JOHN).email == JOHN


@pytest.mark.both
def test_of_two_who_confirm_one_address_at_once_one_gets_it(shop: AuthShop) -> None:
    links = []
    for email in (JOHN, JANE):
        caller = shop.signed_in(email)
        assert change_email(shop, caller, NOBODY) == "OK"
        links.append(shop.mail("confirm_email", NOBODY).token)

    async def race() -> list[Any]:
        calls = (shop.call_async("VerifyEmail", pb.VerifyEmailRequest(token=link)) for link in links)
        return await asyncio.gather(*calls, return_exceptions=True)

    assert outcomes(race()) == {"OK": 1, "EMAIL_TAKEN": 1}


def test_a_link_for_an_address_that_the_account_has_no_more_is_invalid(shop: AuthShop) -> None:
    link = registered(shop)
    caller = shop.who(shop.login())
    assert change_email(shop, caller, NOBODY) == "OK"
    assert verify(shop, shop.mail("confirm_email", NOBODY).token) == "OK"
    assert verify(shop, link) == "LINK_INVALID"


def test_the_link_to_an_account_that_is_closed_meanwhile_is_invalid(shop: AuthShop) -> None:
    caller = shop.signed_in()
    assert change_email(shop, caller, NOBODY) == "OK"
    link = shop.mail("confirm_email", NOBODY).token
    shop.change_user(JOHN, is_active=False)
    assert verify(shop, link) == "LINK_INVALID"
    assert shop.user().email == JOHN


def test_an_account_does_not_fill_mailboxes_from_wherever_it_signs_in(shop: AuthShop) -> None:
    shop.register()
    asked = []
    for n in range(1, 4):
        caller = shop.who(shop.login(ip=f"203.0.113.{n}"))
        asked += [change_email(shop, caller, NOBODY, ip=f"203.0.113.{n}") for _ in range(3)]
    assert asked == ["OK"] * 5 + ["TOO_MANY_MAILS"] * 4
    shop.later(3600)
    assert change_email(shop, caller, NOBODY) == "OK"


def test_bad_new_addresses_are_refused(shop: AuthShop) -> None:
    caller = shop.signed_in()
    for email in ("JOHN@example.com", "no address", "", "a@b@c", "x@example.com\0"):
        with pytest.raises(InvalidField) as caught:
            shop.call("ChangeEmail", pb.ChangeEmailRequest(email=email, current_password=PASSWORD), caller)
        assert caught.value.violations[0].field == "email"
    assert change_email(shop, caller, JANE, "wrong-shop-1") == "CURRENT_PASSWORD_WRONG"


# The mails


@pytest.mark.parametrize("kind", ["verify_email", "reset_code"])
def test_mails_are_in_the_language_of_the_call(shop: AuthShop, kind: str) -> None:
    speak("de")
    try:
        shop.register()
        forgot(shop)
    finally:
        speak("en")
    mail = shop.mail(kind, JOHN)
    assert mail.text.startswith("Hallo John,")
    assert re.search(r"innerhalb von (24 Stunden|10 Minuten)", mail.text)


def test_a_worker_that_dies_before_the_commit_mails_it_later(shop: AuthShop) -> None:
    shop.register()

    def die() -> None:
        with shop.db.transaction() as tx:
            assert shop._accounts.write(tx, shop.now) == 1
            raise RuntimeError("dead")

    with pytest.raises(RuntimeError):
        die()
    assert verify(shop, shop.mail("verify_email", JOHN).token) == "OK"


def test_old_links_and_codes_are_forgotten(shop: AuthShop) -> None:
    registered(shop)
    code_for(shop)
    with shop.db.transaction() as tx:
        tx.execute(update(EmailProof).values(expires_at=shop.now - timedelta(days=2)))
    assert reset(shop, "000000") == "CODE_EXPIRED"


# Through a running server


def test_a_refused_link_says_why(sqlite_shop: RunningShop) -> None:
    with pytest.raises(grpc.RpcError) as error:
        sqlite_shop.auth.VerifyEmail(pb.VerifyEmailRequest(token="x" * 43))
    refused = refusal(error.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "LINK_INVALID")
    assert refused.fields == ["token"]
