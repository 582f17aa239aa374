"""Who may delete an account, by what proof; and what holds of it afterwards, whatever happens meanwhile."""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path
from typing import Any

import grpc
import pyotp
import pytest
from sanset.v1 import auth_pb2, recovery_pb2, second_factor_pb2, second_factor_pb2_grpc, user_pb2
from sanset.v1 import user_admin_pb2 as staff_pb
from sqlalchemy import select
from support.erasure_story import SETTLED, delete, erase, eraser, is_erased, leaks
from support.module_shop import module_shop
from support.payment_shop import sweep
from support.refund_story import delivered, refund
from support.running_shop import ADMIN, PASSWORD, Account, RunningShop, refused, test_settings
from support.staff_story import seconds_until

from ml.data.dataset import GUEST
from ml.data.interactions import read
from server.auth.recovery.models import AccountNotice
from server.mail.models import Mail
from server.privacy import eraser as erasing
from server.privacy import queries
from server.user.models import Erasure, User
from server.verify import verify

pytestmark = pytest.mark.either

__all__ = ["module_shop"]

Delete = user_pb2.DeleteMyAccountRequest


def refused_deletion(shop: RunningShop, account: Account, **fields: str) -> str:
    """Why an account is not deleted."""
    return refused(shop.users.DeleteMyAccount, Delete(**fields), account).reason


def with_second_factor(shop: RunningShop, account: Account) -> pyotp.TOTP:
    """Give an account a second factor."""
    shop.sql("UPDATE users SET email_verify_time = created_at WHERE id = :id", id=account.user_id)
    stub = second_factor_pb2_grpc.SecondFactorServiceStub(shop.channel)
    request = second_factor_pb2.SetUpSecondFactorRequest(current_password=PASSWORD)
    totp = pyotp.TOTP(stub.SetUpSecondFactor(request, metadata=account.metadata).secret)
    confirmation = second_factor_pb2.ConfirmSecondFactorRequest(code=totp.now())
    codes = stub.ConfirmSecondFactor(confirmation, metadata=account.metadata).items
    totp.recovery_code = codes[0]  # type: ignore[attr-defined]
    return totp


def test_whoever_was_deleted_is_unknown_and_the_address_is_free(shop: RunningShop) -> None:
    account = shop.customer()
    shop.order(account)
    delete(shop, account)
    stranger = auth_pb2.LoginRequest(email=f"{uuid.uuid4().hex}@shop.test", password=PASSWORD)
    gone = auth_pb2.LoginRequest(email=account.email, password=PASSWORD)
    assert refused(shop.auth.Login, gone) == refused(shop.auth.Login, stranger)
    assert refused(shop.users.GetMe, user_pb2.GetMeRequest(), account).code is grpc.StatusCode.UNAUTHENTICATED
    token = auth_pb2.RefreshRequest(refresh_token=account.tokens.refresh_token)
    assert refused(shop.auth.Refresh, token).code is grpc.StatusCode.UNAUTHENTICATED
    shop.auth.ForgotPassword(recovery_pb2.ForgotPasswordRequest(email=account.email))
    shop.auth.Register(auth_pb2.RegisterRequest(full_name="Ann", email=account.email, password=PASSWORD))
    anew = shop.sign_in(account.email)
    assert anew.user_id != account.user_id
    assert shop.placed_by(anew) == []
    erase(shop)
    pieces = shop.users.ExportMyData(user_pb2.ExportMyDataRequest(), metadata=anew.metadata)
    lines = [json.loads(line) for line in b"".join(piece.data for piece in pieces).splitlines()]
    assert {line["table"] for line in lines} == {"users", "sessions", "email_proofs", "mails"}
    assert shop.users.GetMe(user_pb2.GetMeRequest(), metadata=anew.metadata).email == account.email


@pytest.mark.both
def test_another_worker_refuses_the_token_of_who_was_deleted(shop: RunningShop, tmp_path: Path) -> None:
    account, me = shop.customer(), user_pb2.GetMeRequest()
    other = RunningShop(test_settings(shop.settings.url, tmp_path))
    try:
        assert other.users.GetMe(me, metadata=account.metadata).email == account.email
        delete(shop, account)

        def is_refused() -> bool:
            try:
                other.users.GetMe(me, metadata=account.metadata)
            except grpc.RpcError as error:
                return error.code() is grpc.StatusCode.UNAUTHENTICATED
            return False

        assert seconds_until(is_refused) < 5
    finally:
        other.stop()


def test_staff_sees_nothing_of_who_was_deleted(shop: RunningShop) -> None:
    account = shop.customer()
    delete(shop, account)
    of_account = staff_pb.GetUserRequest(user_id=account.user_id)
    assert refused(shop.user_admin.GetUser, of_account, shop.admin).reason == "USER_NOT_FOUND"
    reopening = staff_pb.SetUserActiveRequest(user_id=account.user_id, active=True)
    assert refused(shop.user_admin.SetUserActive, reopening, shop.admin).reason == "USER_NOT_FOUND"
    listing = staff_pb.ListUsersRequest(q=account.email)
    listed = shop.user_admin.ListUsers(listing, metadata=shop.admin.metadata)
    assert list(listed.items) == []


def test_a_wrong_password_deletes_nothing_and_counts(shop: RunningShop) -> None:
    account = shop.customer()
    reasons = [refused_deletion(shop, account, current_password="wrong-horse-1") for _ in range(6)]
    assert reasons == ["CURRENT_PASSWORD_WRONG"] * 5 + ["TOO_MANY_SIGN_INS"]
    assert shop.users.GetMe(user_pb2.GetMeRequest(), metadata=account.metadata).email == account.email


def test_one_proof_is_needed_and_no_more(shop: RunningShop) -> None:
    account = shop.customer()
    for fields in ({}, {"current_password": PASSWORD, "code": "123456"}):
        answer = refused(shop.users.DeleteMyAccount, Delete(**fields), account)
        assert answer.code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_second_factor_is_the_proof_where_there_is_one(shop: RunningShop) -> None:
    account = shop.customer()
    assert refused_deletion(shop, account, code="123456") == "SECOND_FACTOR_MISSING"
    totp: Any = with_second_factor(shop, account)
    assert refused_deletion(shop, account, current_password=PASSWORD) == "DELETION_NEEDS_CODE"
    wrong = ["2345a-6789b-cdefg"] * 6
    reasons = [refused_deletion(shop, account, code=code) for code in wrong]
    assert reasons == ["SECOND_FACTOR_CODE_WRONG"] * 5 + ["TOO_MANY_SIGN_INS"]
    shop.sql("DELETE FROM sign_in_counts WHERE user_id = :id", id=account.user_id)
    shop.users.DeleteMyAccount(Delete(code=totp.recovery_code), metadata=account.metadata)
    assert shop.sql("SELECT * FROM second_factors WHERE user_id = :id", id=account.user_id) == []


def test_an_account_without_a_password_sets_one_first(shop: RunningShop) -> None:
    account = shop.customer()
    shop.sql("UPDATE users SET password_hash = NULL WHERE id = :id", id=account.user_id)
    assert refused_deletion(shop, account, current_password=PASSWORD) == "PASSWORD_MISSING"


def test_the_last_admin_stays_and_another_may_go(shop: RunningShop) -> None:
    assert refused_deletion(shop, shop.admin, current_password=ADMIN[1]) == "LAST_ADMIN"
    second = shop.customer()
    shop.sql("UPDATE users SET role = 'ADMIN' WHERE id = :id", id=second.user_id)
    delete(shop, second)
    assert shop.sql("SELECT role FROM users WHERE id = :id", id=second.user_id)[0][0] == "CUSTOMER"


def test_a_vendor_without_products_goes_and_one_with_some_is_told(shop: RunningShop) -> None:
    vendor = shop.vendor()
    product = shop.product()
    shop.sql("UPDATE products SET vendor_id = :id WHERE id = :product", id=vendor.user_id, product=product.id)
    answer = refused(shop.users.DeleteMyAccount, Delete(current_password=PASSWORD), vendor)
    assert (answer.reason, answer.facts) == ("VENDOR_HAS_PRODUCTS", {"products": "1"})
    shop.sql("UPDATE products SET vendor_id = NULL WHERE id = :product", product=product.id)
    delete(shop, vendor)


@pytest.mark.both
def test_of_two_deletions_at_once_one_happens(shop: RunningShop) -> None:
    account = shop.customer()
    answers: list[str] = []

    def attempt(request_id: str) -> None:
        try:
            delete(shop, account, request_id=request_id)
        except grpc.RpcError as error:
            answers.append(error.code().name)  # type: ignore[attr-defined]
        else:
            answers.append("OK")

    same = str(uuid.uuid4())
    threads = [threading.Thread(target=attempt, args=(key,)) for key in (same, same, str(uuid.uuid4()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "OK" in answers
    assert set(answers) <= {"OK", "UNAUTHENTICATED", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}
    with shop.app.db.read() as connection:
        noticed = connection.scalars(
            select(AccountNotice.kind).where(AccountNotice.user_id == account.user_id)
        ).all()
    assert noticed == ["account_deleted"]


def test_a_farewell_is_mailed_and_goes_once_it_is_sent(shop: RunningShop) -> None:
    account = shop.customer()
    delete(shop, account)
    mails = select(Mail.kind, Mail.status, Mail.recipient).where(Mail.user_id == account.user_id)
    shop.run(shop.app.rooms.mail.outbox.run())
    with shop.app.db.read() as connection:
        assert connection.execute(mails).all() == [("account_deleted", "SENT", account.email)]
    shop.sql("UPDATE mails SET status = 'PENDING', sent_at = NULL WHERE user_id = :id", id=account.user_id)
    shop.run(eraser(shop).run())
    assert not is_erased(shop, account), "it waits for the mail"
    erase(shop, SETTLED * 10)
    assert is_erased(shop, account)
    with shop.app.db.read() as connection:
        assert connection.execute(mails).all() == []


def test_an_unpaid_order_is_given_up(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    account = shop.customer()
    shop.add(account, shop.product().id)
    with pytest.raises(grpc.RpcError):
        shop.checkout(account, payment_token="tok_timeout")
    delete(shop, account)
    sweep(shop)
    statuses = shop.sql("SELECT status FROM orders WHERE user_id = :id", id=account.user_id)
    assert [row[0] for row in statuses] == ["CANCELLED"]
    erase(shop)
    assert is_erased(shop, account)
    assert shop.sql("SELECT * FROM carts WHERE user_id = :id", id=account.user_id) == [], (
        "what was put back, too"
    )


def test_an_erasure_that_breaks_off_anywhere_is_carried_on(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = shop.customer()
    for _ in range(5):
        delivered(shop, shop.order(account))
    for _ in range(3):
        shop.add_address(account, line1=f"Street of {account.email}")
    delete(shop, account)
    monkeypatch.setattr(erasing, "CHUNK", 2)
    real, steps = queries.erase_some, 0
    for last in range(1, 60, 6):

        def dies(*call: Any, last: int = last) -> int:
            nonlocal steps
            steps += 1
            if steps > last:
                raise RuntimeError("the worker dies")
            return real(*call)

        steps = 0
        shop.sql("UPDATE erasures SET due_at = deleted_at WHERE user_id = :id", id=account.user_id)
        monkeypatch.setattr(queries, "erase_some", dies)
        shop.run(eraser(shop).run())
    monkeypatch.setattr(queries, "erase_some", real)
    erase(shop, SETTLED * 10)
    assert is_erased(shop, account)
    assert leaks(shop, {"email": account.email, "city": "Springfield-" + account.email}) == {}
    assert verify(shop.app.db.engine) == []


def test_what_is_written_of_an_order_later_is_erased_too(shop: RunningShop) -> None:
    account = shop.customer()
    order = delivered(shop, shop.order(account))
    delete(shop, account)
    erase(shop)
    assert is_erased(shop, account)
    shop.sql("UPDATE erasures SET erased_at = deleted_at WHERE user_id = :id", id=account.user_id)
    mark = f"reason-{uuid.uuid4().hex}"
    refund(shop, order.id, reason=mark)
    shop.run(shop.app.jobs.run("pay back"))
    assert verify(shop.app.db.engine) == [], "it is the night's work, and no finding"
    shop.run(eraser(shop, SETTLED * 2).reopen())
    assert not is_erased(shop, account)
    shop.product()  # the newest event of all keeps its number until there is another
    erase(shop, SETTLED * 3)
    assert is_erased(shop, account)
    assert leaks(shop, {"reason": mark}) == {}


def test_what_is_left_is_found_by_verify(shop: RunningShop) -> None:
    account = shop.customer()
    delete(shop, account)
    erase(shop)
    shop.sql("UPDATE users SET full_name = 'Ann' WHERE id = :id", id=account.user_id)
    (finding,) = verify(shop.app.db.engine)
    assert str(finding) == (
        f"account-erased: user {account.user_id}: has deleted the account, but something personal is left in users"
    )
    shop.sql("UPDATE users SET full_name = '' WHERE id = :id", id=account.user_id)


def test_the_next_training_knows_nothing_of_the_person(shop: RunningShop) -> None:
    account, other = shop.customer(), shop.customer()
    for buyer in (account, other):
        delivered(shop, shop.order(buyer))
    lines = len(read(shop.settings.url).interactions.user_ids)
    delete(shop, account)
    erase(shop)
    dataset = read(shop.settings.url)
    for users in (dataset.interactions.user_ids, dataset.orders.user_ids, dataset.events.user_ids):
        assert account.user_id not in users
    assert other.user_id in dataset.interactions.user_ids
    assert len(dataset.interactions.user_ids) == lines, "what sells is still known"
    assert GUEST in dataset.orders.user_ids


def test_mails_about_an_order_that_goes_on_are_written_to_nobody(shop: RunningShop) -> None:
    account = shop.customer()
    order = shop.order(account)
    delete(shop, account)
    delivered(shop, order)
    shop.run(shop.app.rooms.mail.outbox.run())
    of_order = select(Mail.kind).where(Mail.order_id == order.id, Mail.kind == "delivered")
    with shop.app.db.read() as connection:
        assert connection.scalars(of_order).all() == []
        erasure = connection.scalars(select(Erasure.user_id).where(Erasure.user_id == account.user_id)).one()
        email = connection.scalars(select(User.email).where(User.id == erasure)).one()
    assert email == ""
    assert verify(shop.app.db.engine) == []
