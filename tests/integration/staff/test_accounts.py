"""Accounts as staff sees them: who is found by what, what is told of one, and what is exported."""

from __future__ import annotations

import csv
import io
import uuid
from typing import Any

import grpc
import pytest
from sanset.v1 import auth_pb2, recovery_pb2, user_admin_pb2, user_pb2
from sanset.v1.access_pb2 import AccessRule
from sanset.v1.promotion_pb2 import Tier
from support.page_by_page import page_by_page
from support.running_shop import PASSWORD, Account, RunningShop, refused
from support.staff_story import employee, give, new_role

pytestmark = pytest.mark.either

State = user_admin_pb2.UserAccount.State


def _person(shop: RunningShop, name: str, phone: str = "") -> Account:
    """A customer of this name."""
    account = shop.customer(address=False)
    user = user_pb2.User(full_name=name, phone=phone)
    shop.users.UpdateMe(user_pb2.UpdateMeRequest(user=user), metadata=account.metadata)
    return account


def _listed(shop: RunningShop, **fields: Any) -> list[int]:
    def read(token: str) -> user_admin_pb2.ListUsersResponse:
        request = user_admin_pb2.ListUsersRequest(page_token=token, **fields)
        return shop.user_admin.ListUsers(request, metadata=shop.admin.metadata)

    return [account.id for page in page_by_page(read) for account in page.items]


def _details(shop: RunningShop, account: Account) -> user_admin_pb2.UserDetails:
    request = user_admin_pb2.GetUserRequest(user_id=account.user_id)
    return shop.user_admin.GetUser(request, metadata=shop.admin.metadata)


def test_accounts_are_listed_by_their_ids(shop: RunningShop) -> None:
    word = f"q{uuid.uuid4().hex[:10]}"
    first, second, third = (_person(shop, f"{name} {word}") for name in ("Ann", "Bea", "Cid"))
    some = [first.user_id, third.user_id]
    assert _listed(shop, user_ids=[*some, first.user_id, 2**62]) == some[::-1], "the newest first"
    assert _listed(shop, user_ids=some, q=f"ann {word}") == [first.user_id]
    assert _listed(shop, user_ids=some, page_size=1) == some[::-1]
    assert _listed(shop, user_ids=[2**62]) == []
    assert second.user_id in _listed(shop, q=word)
    for wrong in ([0], [-1], range(1, 102)):
        request = user_admin_pb2.ListUsersRequest(user_ids=wrong)
        assert (
            refused(shop.user_admin.ListUsers, request, shop.admin).code is grpc.StatusCode.INVALID_ARGUMENT
        )


def test_people_are_found_by_what_is_known_of_them(shop: RunningShop) -> None:
    word, digits = f"q{uuid.uuid4().hex[:10]}", str(uuid.uuid4().int)[:9]
    person = _person(shop, f"Änne von {word.capitalize()}-Özil", f"+49 ({digits[:3]}) {digits[3:]}")
    other = _person(shop, f"Bert {word}")
    for text in (
        f"änne {word}",
        f"{word[:8].upper()} ÄNNE",
        person.email.upper(),
        person.email[:15],
        f"49{digits}",
        f"+49-{digits}",
    ):
        assert _listed(shop, q=text) == [person.user_id], text
    assert _listed(shop, q=word) == [other.user_id, person.user_id], "the newest first"
    for text in (word[1:], f"anne {word}", f"{word}%", "%", "_" * 5 + word, f"49{digits[:-1]}"):
        assert person.user_id not in _listed(shop, q=text), text


def test_lists_are_narrowed_and_paged(shop: RunningShop) -> None:
    word, role = f"q{uuid.uuid4().hex[:10]}", new_role(shop, AccessRule.MANAGE_ORDERS)
    people = [_person(shop, f"Pat {word}") for _ in range(5)]
    ids = [each.user_id for each in people]
    give(shop, people[0], role.name)
    close = user_admin_pb2.SetUserActiveRequest(user_id=ids[1], active=False)
    shop.user_admin.SetUserActive(close, metadata=shop.admin.metadata)
    shop.sql("INSERT INTO loyalty_accounts (user_id, lifetime) VALUES (:id, 2500)", id=ids[2])
    assert _listed(shop, q=word, page_size=2) == ids[::-1]
    assert _listed(shop, role=role.name.lower()) == ids[:1]
    assert _listed(shop, q=word, state=State.DEACTIVATED) == [ids[1]]
    assert _listed(shop, q=word, state=State.ACTIVE) == [ids[4], ids[3], ids[2], ids[0]]
    assert _listed(shop, q=word, tier=Tier.GOLD) == [ids[2]]
    assert _listed(shop, q=word, tier=Tier.BRONZE) == [ids[4], ids[3], ids[1], ids[0]]
    assert _listed(shop, q=word, tier=Tier.PLATINUM) == []
    said = refused(shop.user_admin.ListUsers, user_admin_pb2.ListUsersRequest(role="NOBODY"), shop.admin)
    assert said.fields == ["role"]
    first = shop.user_admin.ListUsers(
        user_admin_pb2.ListUsersRequest(q=word, page_size=2), metadata=shop.admin.metadata
    )
    strange = user_admin_pb2.ListUsersRequest(q="x", page_size=2, page_token=first.next_page_token)
    assert refused(shop.user_admin.ListUsers, strange, shop.admin).reason == "INVALID_PAGE_TOKEN"


@pytest.mark.both
def test_a_list_and_an_account_cost_few_queries(shop: RunningShop) -> None:
    account = shop.customer(address=False)
    with shop.counted_queries() as statements:
        shop.user_admin.ListUsers(user_admin_pb2.ListUsersRequest(), metadata=shop.admin.metadata)
    assert len(statements) == 1 + 1  # one of them for the audit log
    with shop.counted_queries() as statements:
        _details(shop, account)
    assert len(statements) == 4 + 1


def test_what_helps_a_user_is_told_together(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    details = _details(shop, buyer)
    assert (details.user.id, details.user.email, details.user.role) == (
        buyer.user_id,
        buyer.email,
        "CUSTOMER",
    )
    assert (details.user.state, details.user.tier) == (State.ACTIVE, Tier.BRONZE)
    assert (details.order_count, details.spent) == (1, order.totals.total)
    assert details.last_order_time == order.create_time
    assert len(details.sessions) == 1
    assert not details.failures
    never = user_admin_pb2.GetUserRequest(user_id=2**62)
    assert refused(shop.user_admin.GetUser, never, shop.admin).reason == "USER_NOT_FOUND"


def test_an_account_that_is_locked_is_unlocked(shop: RunningShop) -> None:
    account = shop.customer(address=False)
    shop.sql("UPDATE sessions SET signed_in_from = '198.51.100.7' WHERE user_id = :id", id=account.user_id)
    wrong = auth_pb2.LoginRequest(email=account.email, password="wrong-horse-1")
    for _ in range(5):
        assert refused(shop.auth.Login, wrong).reason == "INVALID_CREDENTIALS"
    shop.sql("UPDATE sign_in_counts SET locked_until = '2100-01-01' WHERE user_id = :id", id=account.user_id)
    details = _details(shop, account)
    assert details.user.state == State.LOCKED
    assert [(each.count, each.familiar) for each in details.failures] == [(5, False)]
    assert details.failures[0].HasField("lock_end_time")
    assert account.user_id in _listed(shop, q=account.email, state=State.LOCKED)
    right = auth_pb2.LoginRequest(email=account.email, password="correct-horse-1")
    assert refused(shop.auth.Login, right).reason == "ACCOUNT_LOCKED"
    helper = employee(shop, AccessRule.MANAGE_USERS)
    request = user_admin_pb2.UnlockUserRequest(user_id=account.user_id)
    for _ in range(2):
        unlocked = shop.user_admin.UnlockUser(request, metadata=helper.metadata)
        assert unlocked.state == State.ACTIVE
    shop.sign_in(account.email)
    assert not _details(shop, account).failures


def test_who_is_kept_from_codes_by_strangers_is_helped_by_staff(shop: RunningShop) -> None:
    account = shop.customer(address=False)
    shop.sql("UPDATE sessions SET signed_in_from = '198.51.100.7' WHERE user_id = :id", id=account.user_id)
    forgot = recovery_pb2.ForgotPasswordRequest(email=account.email)
    for _ in range(5):
        shop.auth.ForgotPassword(forgot)
    assert refused(shop.auth.ForgotPassword, forgot).reason == "TOO_MANY_MAILS"
    assert not _details(shop, account).failures, "a mail that was asked for is no failed sign-in"
    request = user_admin_pb2.UnlockUserRequest(user_id=account.user_id)
    shop.user_admin.UnlockUser(request, metadata=shop.admin.metadata)
    shop.auth.ForgotPassword(forgot)


def test_nobody_unlocks_an_account_that_may_more(shop: RunningShop) -> None:
    helper, stronger = employee(shop, AccessRule.MANAGE_USERS), employee(shop, AccessRule.MANAGE_ORDERS)
    wrong = auth_pb2.LoginRequest(email=stronger.email, password="wrong-horse-1")
    assert refused(shop.auth.Login, wrong).reason == "INVALID_CREDENTIALS"
    for account in (shop.admin, stronger):
        request = user_admin_pb2.UnlockUserRequest(user_id=account.user_id)
        assert refused(shop.user_admin.UnlockUser, request, helper).reason == "BEYOND_OWN_PERMISSIONS"
    assert _details(shop, stronger).failures


def test_every_account_is_exported_and_no_password(shop: RunningShop) -> None:
    person = _person(shop, 'Ann; the "first", née Ö', "+1 555 0100")
    pieces = list(
        shop.user_admin.ExportUsers(user_admin_pb2.ExportUsersRequest(), metadata=shop.admin.metadata)
    )
    text = b"".join(piece.data for piece in pieces).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    (row,) = (row for row in rows if row["user_id"] == str(person.user_id))
    assert (row["email"], row["role"], row["active"]) == (person.email, "CUSTOMER", "true")
    assert row["full_name"] == 'Ann; the "first", née Ö'
    (count,) = shop.sql(
        "SELECT count(*) AS users FROM users WHERE id NOT IN (SELECT id FROM service_accounts)"
    )
    assert len(rows) == count.users
    assert "password" not in text.splitlines()[0]
    assert "$2b$" not in text
    with pytest.raises(grpc.RpcError) as caught:
        list(shop.user_admin.ExportUsers(user_admin_pb2.ExportUsersRequest(), metadata=person.metadata))
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_second_factor_that_was_lost_is_reset_by_others_and_told(shop: RunningShop) -> None:
    account, helper = shop.customer(address=False), employee(shop, AccessRule.MANAGE_USERS)
    request = user_admin_pb2.ResetSecondFactorRequest(user_id=account.user_id)
    reset = shop.user_admin.ResetSecondFactor
    assert refused(reset, request, helper).reason == "SECOND_FACTOR_MISSING"
    shop.sql(
        "INSERT INTO second_factors (user_id, secret, created_at, confirmed_at) "
        "VALUES (:id, '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        id=account.user_id,
    )
    login = auth_pb2.LoginRequest(email=account.email, password=PASSWORD)
    assert refused(shop.auth.Login, login).reason == "SECOND_FACTOR_REQUIRED"
    assert reset(request, metadata=helper.metadata).id == account.user_id
    assert shop.auth.Login(login).access_token
    assert refused(shop.users.GetMe, user_pb2.GetMeRequest(), account).reason == "TOKEN_INVALID"
    for other, reason in ((shop.admin, "BEYOND_OWN_PERMISSIONS"), (helper, "SECOND_FACTOR_ACTIVE")):
        request = user_admin_pb2.ResetSecondFactorRequest(user_id=other.user_id)
        assert refused(reset, request, helper).reason == reason
