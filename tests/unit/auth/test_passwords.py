"""Passwords: the rule, long ones, and hashing that neither blocks nor piles up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import bcrypt
import pytest

from server.auth import passwords as module
from server.auth.common_passwords import COMMON
from server.auth.errors import WeakPassword
from server.auth.passwords import Passwords, check_strength, hash_password, password_keys, verify_password
from server.crypto.ring import Derived, KeyRing
from server.db.deadline import Deadline
from server.errors import Overloaded
from server.settings import InvalidSettings, load

COST = 4
KEYS = password_keys(KeyRing([b"a secret of the tests, long enough for all"]))


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(cost=COST, keys=KEYS, threads=2)
    yield made
    made.close()


@pytest.mark.parametrize(
    "password", ["demo-shop-1", "пароль-дом-7", "correct horse 2 battery", "é" * 127 + "1"]
)
def test_a_password_with_a_letter_and_a_digit_is_accepted(password: str) -> None:
    check_strength(password, "john@example.com")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("abc-12", "8 to 128"),
        ("a1" * 65, "8 to 128"),
        ("onlyletters", "letter and a digit"),
        ("1234567890", "letter and a digit"),
        ("password1", "most common"),
        ("Password123", "most common"),
        ("1Q2W3E4R", "most common"),
        ("john1@example.com", "e-mail"),
        ("JOHN1@EXAMPLE.COM ", "e-mail"),
    ],
)
def test_a_weak_password_is_refused_with_the_rule_it_breaks(password: str, problem: str) -> None:
    with pytest.raises(WeakPassword, match=problem) as refusal:
        check_strength(password, "John1@example.com")
    assert refusal.value.reason == "WEAK_PASSWORD"
    assert refusal.value.violations[0][0] == "password"
    assert password not in str(refusal.value)


def test_every_rule_that_is_broken_is_named() -> None:
    with pytest.raises(WeakPassword) as refusal:
        check_strength("short", "john@example.com")
    assert len(refusal.value.violations) == 2


def test_the_list_of_common_passwords_holds_only_those_that_pass_the_other_rules() -> None:
    assert len(COMMON) > 300
    for password in COMMON:
        assert len(password) >= 8
        assert password == password.lower()
        assert any(map(str.isalpha, password))
        assert any(map(str.isdigit, password))


@pytest.mark.parametrize("length", [1, 71, 72, 73, 74, 128, 256, 10_000])
def test_a_password_of_any_length_matches_itself_and_nothing_else(length: int) -> None:
    password = "a" * (length - 1) + "1"
    hashed = hash_password(password, cost=COST, keys=KEYS)
    assert verify_password(password, hashed, keys=KEYS)
    assert not verify_password(password[:-1] + "2", hashed, keys=KEYS)
    assert not verify_password(password + "1", hashed, keys=KEYS)
    assert not verify_password(password[:-1], hashed, keys=KEYS)


def test_characters_of_several_bytes_count_as_bytes_for_bcrypt() -> None:
    password = "ü" * 36 + "1"  # 73 bytes, 37 characters
    hashed = hash_password(password, cost=COST, keys=KEYS)
    assert verify_password(password, hashed, keys=KEYS)
    assert not verify_password("ü" * 36, hashed, keys=KEYS)


def test_a_long_password_is_hashed_under_the_key() -> None:
    hashed = hash_password("a" * 100, cost=COST, keys=KEYS)
    others = password_keys(KeyRing([b"another secret of the tests, also long"]))
    assert not verify_password("a" * 100, hashed, keys=others)


def test_a_short_password_is_plain_bcrypt() -> None:
    assert bcrypt.checkpw(b"demo-shop-1", hash_password("demo-shop-1", cost=COST, keys=KEYS).encode())


def test_a_password_with_a_nul_character_is_not_cut_there() -> None:
    hashed = hash_password("abc\0defgh1", cost=COST, keys=KEYS)
    assert verify_password("abc\0defgh1", hashed, keys=KEYS)
    assert not verify_password("abc\0xxxxx1", hashed, keys=KEYS)


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    hashed = hash_password("caf\u00e9-au-lait-1", cost=COST, keys=KEYS)
    assert verify_password("cafe\u0301-au-lait-1", hashed, keys=KEYS)


def test_a_shop_without_a_secret_cannot_make_a_key() -> None:
    with pytest.raises(InvalidSettings, match="SECRET_KEY"):
        Passwords.of(load(_env_file=None, environment="test", secret_key=""))


async def _verify(passwords: Passwords, password: str, hashed: str | None) -> bool:
    return await passwords.verify(password, hashed, Deadline(5))


def test_hashing_and_verifying_go_together(passwords: Passwords) -> None:
    async def scenario() -> None:
        hashed = await passwords.hash("demo-shop-1", Deadline(5))
        assert await _verify(passwords, "demo-shop-1", hashed)
        assert not await _verify(passwords, "demo-shop-2", hashed)

    asyncio.run(scenario())


def test_an_account_without_a_password_costs_the_same_and_never_matches() -> None:
    strong = Passwords(cost=8, keys=KEYS, threads=1)
    hashed = hash_password("demo-shop-1", cost=8, keys=KEYS)

    async def seconds(against: str | None) -> float:
        samples = []
        for _ in range(7):
            started = time.process_time()  # of work: the clock on the wall also counts our neighbours
            assert not await _verify(strong, "wrong-shop-1", against)
            samples.append(time.process_time() - started)
        return min(samples)

    async def scenario() -> None:
        known, unknown = await seconds(hashed), await seconds(None)
        assert unknown == pytest.approx(known, rel=0.5)

    asyncio.run(scenario())
    strong.close()


def test_a_hash_of_a_lower_cost_is_outdated(passwords: Passwords) -> None:
    stronger = Passwords(cost=COST + 1, keys=KEYS, threads=1)
    hashed = hash_password("demo-shop-1", cost=COST, keys=KEYS)
    assert not passwords.outdated("demo-shop-1", hashed)
    assert stronger.outdated("demo-shop-1", hashed)
    stronger.close()


@pytest.mark.parametrize("cost", [None, COST, COST + 1, COST + 3])
def test_a_sign_in_costs_the_same_whether_the_account_is_new_old_or_nobodys(
    cost: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def counted(password: str, hashed: str, *, keys: Derived[bytes]) -> bool:
        nonlocal steps
        steps += 2 ** int(hashed.split("$")[2])
        return verify_password(password, hashed, keys=keys)

    hashed = None if cost is None else hash_password("demo-shop-1", cost=cost, keys=KEYS)
    monkeypatch.setattr(module, "verify_password", counted)
    passwords = Passwords(cost=COST + 3, keys=KEYS, threads=1)
    for password in ("demo-shop-1", "demo-shop-2"):
        steps = 0
        matches = asyncio.run(_verify(passwords, password, hashed))
        assert matches == (cost is not None and password == "demo-shop-1")
        assert steps == 2 ** (COST + 3)
    passwords.close()


def test_no_more_hashes_run_at_once_than_there_are_threads(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def slow(*_: object, **__: object) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(module, "verify_password", slow)

    async def scenario() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        ticking = asyncio.create_task(tick())
        assert all(await asyncio.gather(*(_verify(passwords, "x", None) for _ in range(30))))
        ticking.cancel()
        assert ticks > 5  # the event loop went on

    asyncio.run(scenario())
    assert most == 2


def test_a_flood_is_refused_at_once_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 3)
    passwords = Passwords(cost=COST, keys=KEYS, threads=1)

    async def scenario() -> None:
        answers = await asyncio.gather(
            *(_verify(passwords, "x", None) for _ in range(20)), return_exceptions=True
        )
        assert answers.count(False) == 4
        assert sum(isinstance(answer, Overloaded) for answer in answers) == 16
        assert await _verify(passwords, "x", None) is False

    asyncio.run(scenario())
    passwords.close()


def test_hashes_are_made_for_one_address_after_the_other_and_no_address_takes_all_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords, release, begun = Passwords(cost=COST, keys=KEYS, threads=1), threading.Event(), list[str]()

    def held(password: str, *_: object, **__: object) -> bool:
        begun.append(password)
        release.wait(5)
        return True

    monkeypatch.setattr(module, "verify_password", held)

    def sign_in(address: str) -> asyncio.Task[bool]:
        deadline = Deadline(30)
        deadline.owner = address
        return asyncio.create_task(passwords.verify(address, None, deadline))

    async def scenario() -> None:
        flood = [sign_in("flood") for _ in range(60)]
        await asyncio.sleep(0.01)
        others = [sign_in("ann"), sign_in("bob")]
        await asyncio.sleep(0.01)
        release.set()
        assert all(await asyncio.gather(*others))
        answers = await asyncio.gather(*flood, return_exceptions=True)
        assert answers.count(True) == 1 + module.MAX_QUEUED_OF_ONE
        assert sum(isinstance(answer, Overloaded) for answer in answers) == 59 - module.MAX_QUEUED_OF_ONE

    asyncio.run(scenario())
    passwords.close()
    assert set(begun[:4]) == {"flood", "ann", "bob"}


def test_a_caller_whose_time_is_over_waits_no_longer_and_its_hash_is_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords(cost=COST, keys=KEYS, threads=1)
    release = threading.Event()
    begun = []

    def held(password: str, *_: object, **__: object) -> bool:
        begun.append(password)
        release.wait(5)
        return True

    monkeypatch.setattr(module, "verify_password", held)

    async def scenario() -> None:
        first = asyncio.create_task(_verify(passwords, "first", None))
        await asyncio.sleep(0.02)
        with pytest.raises(TimeoutError):
            await passwords.verify("second", None, Deadline(0.02))
        release.set()
        assert await first

    asyncio.run(scenario())
    passwords.close()
    assert begun == ["first"]
