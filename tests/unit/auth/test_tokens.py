"""Access tokens: who they prove, and every way to forge one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from server.auth import tokens as module
from server.auth.keys import TokenKeys
from server.auth.refresh import new_token
from server.auth.tokens import LEEWAY_SECONDS, AccessTokens, TokenVerifier
from server.errors import TokenInvalid
from server.events.topics import RoleAssigned, RoleChanged, SessionEnded
from server.identity import Permission, Role
from server.roles.table import RoleTable
from server.settings import InvalidSettings, Settings, load

SECRET = "a secret of the tests, long enough for all"


def settings(**changes: Any) -> Settings:
    return load(_env_file=None, environment="test", **({"secret_key": SECRET} | changes))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def keys() -> TokenKeys:
    return TokenKeys.of(settings())


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier.of(settings(), RoleTable())


def verifier_by(moment: list[float], keys: TokenKeys, lifetime: timedelta) -> TokenVerifier:
    """A verifier whose clock is the one number in `moment`."""
    return TokenVerifier(
        keys,
        issuer="sanset",
        audience="sanset",
        lifetime=lifetime,
        roles=RoleTable(),
        now=lambda: moment[0],
    )


@pytest.fixture
def token() -> str:
    return AccessTokens.of(settings()).issue(7, "VENDOR", "session-1", now())


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; None removes one."""
    seconds = int(time.time())
    good = {
        "sub": "7",
        "role": "CUSTOMER",
        "iat": seconds,
        "exp": seconds + 600,
        "jti": "1",
        "sid": "session-1",
        "iss": "sanset",
        "aud": "sanset",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def forge(header: object, payload: object, key: bytes, digest: str = "sha256") -> str:
    """A token with any header at all, signed with HMAC."""

    def part(value: object) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    body = f"{part(header)}.{part(payload)}"
    return f"{body}.{part(hmac.digest(key, body.encode(), digest))}"


def test_a_token_proves_its_user_role_and_session(verifier: TokenVerifier, token: str) -> None:
    identity = verifier.verify(token)
    assert (identity.user_id, identity.role, identity.session_id) == (7, Role.VENDOR, "session-1")
    assert identity.expires_at == pytest.approx(time.time() + 3600, abs=2)


def test_a_token_carries_every_claim_and_its_key_id(token: str) -> None:
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "1", "typ": "JWT"}
    assert set(jwt.decode(token, options={"verify_signature": False})) == set(module.CLAIMS)


def test_two_tokens_of_one_session_differ() -> None:
    issuer, moment = AccessTokens.of(settings()), now()
    assert issuer.issue(7, "ADMIN", "s", moment) != issuer.issue(7, "ADMIN", "s", moment)


def forgeries(keys: TokenKeys) -> dict[str, str]:
    key, good = keys.signing_key, {"alg": "HS256", "typ": "JWT", "kid": "1"}
    signed: Callable[..., str] = lambda **changes: forge(good, claims(**changes), key)  # noqa: E731
    own, seconds = forge(good, claims(), key), int(time.time())
    head, body, signature = own.split(".")
    other_body = forge(good, claims(role="ADMIN"), key).split(".")[1]
    return {
        "empty": "",
        "not a token": "hello",
        "two parts": f"{head}.{body}",
        "five parts": f"{own}.a.b",
        "non-ascii": "é.é.é",
        "NUL": own + "\0",
        "a refresh token": new_token(),
        "alg none": forge({"alg": "none", "kid": "1"}, claims(), key).rpartition(".")[0] + ".",
        "alg None, signed": forge({"alg": "None", "kid": "1"}, claims(), key),
        "alg HS512": forge({"alg": "HS512", "kid": "1"}, claims(), key, "sha512"),
        "alg missing": forge({"kid": "1"}, claims(), key),
        "alg a number": forge({"alg": 1, "kid": "1"}, claims(), key),
        "another key": forge(good, claims(), b"x" * 32),
        "the undivided secret": forge(good, claims(), SECRET.encode()),
        "no signature": f"{head}.{body}.",
        "cut signature": own[:-4],
        "edited payload": f"{head}.{other_body}.{signature}",
        "kid missing": forge({"alg": "HS256"}, claims(), key),
        "kid unknown": forge(good | {"kid": "2"}, claims(), key),
        "kid empty": forge(good | {"kid": ""}, claims(), b""),
        "kid a path": forge(good | {"kid": "../../dev/null"}, claims(), b""),
        "kid SQL": forge(good | {"kid": "1' OR '1'='1"}, claims(), key),
        "kid a list": forge(good | {"kid": ["1"]}, claims(), key),
        "kid a number": forge(good | {"kid": 1}, claims(), key),
        "own jwk": forge(good | {"jwk": {"kty": "oct", "k": "eA"}}, claims(), b"x"),
        "crit": forge(good | {"crit": ["exp"]}, claims(), key),
        "header a list": forge([1], claims(), key),
        "header nested": forge(b"[" * 2000, claims(), key),
        "payload a list": forge(good, [1], key),
        "payload nested": forge(good, b"[" * 2000, key),
        "payload not JSON": forge(good, b"{", key),
        "expired": signed(exp=seconds - 1),
        "expired long ago": signed(exp=1),
        "exp missing": signed(exp=None),
        "exp text": signed(exp="tomorrow"),
        "exp endless": forge(good, json.dumps(claims()).replace(str(seconds + 600), "1e999").encode(), key),
        "nbf in the future": signed(nbf=seconds + 60),
        "iat in the future": signed(iat=seconds + 60),
        "iat missing": signed(iat=None),
        "wrong aud": signed(aud="other"),
        "aud a list": signed(aud=["sanset", "other"]),
        "aud missing": signed(aud=None),
        "wrong iss": signed(iss="other"),
        "iss missing": signed(iss=None),
        "sub missing": signed(sub=None),
        "sub a name": signed(sub="john"),
        "sub a number": signed(sub=7),
        "role missing": signed(role=None),
        "sid missing": signed(sid=None),
        "jti missing": signed(jti=None),
        "100 KB": forge(good, claims(padding="x" * 100_000), key),
    }


@pytest.mark.parametrize("name", sorted(forgeries(TokenKeys.of(settings()))))
def test_a_forged_token_is_refused_with_the_one_sentence(
    name: str, keys: TokenKeys, verifier: TokenVerifier
) -> None:
    with pytest.raises(TokenInvalid) as refusal:
        verifier.verify(forgeries(keys)[name])
    assert str(refusal.value) == TokenInvalid.message
    assert refusal.value.facts == {}


def test_the_forger_of_these_tests_makes_good_tokens_too(keys: TokenKeys, verifier: TokenVerifier) -> None:
    header = {"alg": "HS256", "typ": "JWT", "kid": "1"}
    assert verifier.verify(forge(header, claims(), keys.signing_key)).user_id == 7


def test_a_long_token_is_refused_before_any_work(
    verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "_decode", lambda token: pytest.fail("it was parsed"))
    with pytest.raises(TokenInvalid):
        verifier.verify("x" * 4097)


def test_the_clock_of_another_server_may_be_a_little_ahead(verifier: TokenVerifier) -> None:
    issuer = AccessTokens.of(settings())
    assert verifier.verify(issuer.issue(7, "ADMIN", "s", now() + timedelta(seconds=LEEWAY_SECONDS - 2)))
    with pytest.raises(TokenInvalid):
        verifier.verify(issuer.issue(7, "ADMIN", "s", now() + timedelta(seconds=LEEWAY_SECONDS + 5)))


def test_a_token_is_decoded_once(
    verifier: TokenVerifier, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = verifier.verify(token)
    monkeypatch.setattr(verifier, "_decode", lambda token: pytest.fail("it was decoded again"))
    assert verifier.verify("".join(token)) is first


def test_a_forged_token_is_parsed_once_and_few_are_remembered(
    verifier: TokenVerifier, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FORGED", 2)
    parsed: list[str] = []
    parse = jwt.get_unverified_header

    def noted(token: str) -> dict[str, Any]:
        parsed.append(token)
        return parse(token)

    monkeypatch.setattr(jwt, "get_unverified_header", noted)
    for forged in ("a", "a", "b", "c", "a", "c"):
        with pytest.raises(TokenInvalid):
            verifier.verify(forged)
    assert parsed == ["a", "b", "c", "a"]
    assert verifier.verify(token).user_id == 7, "nobody who is known has to suffer from it"


def test_a_token_that_was_too_early_is_valid_in_its_time(keys: TokenKeys) -> None:
    moment = [time.time()]
    verifier = verifier_by(moment, keys, timedelta(hours=1))
    early = AccessTokens.of(settings()).issue(7, "ADMIN", "s", now() + timedelta(seconds=60))
    with pytest.raises(TokenInvalid):
        verifier.verify(early)
    moment[0] += 60
    assert verifier.verify(early).user_id == 7


def test_a_remembered_token_expires_all_the_same(keys: TokenKeys) -> None:
    moment = [time.time()]
    verifier = verifier_by(moment, keys, timedelta(hours=1))
    token = AccessTokens.of(settings()).issue(7, "ADMIN", "s", now())
    verifier.verify(token)
    moment[0] += 3599
    verifier.verify(token)
    moment[0] += 2
    with pytest.raises(TokenInvalid):
        verifier.verify(token)


def test_no_more_tokens_are_remembered_than_agreed(
    verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    issuer = AccessTokens.of(settings())
    issued = [issuer.issue(number, "ADMIN", "s", now()) for number in range(1, 9)]
    for number, token in enumerate(issued, start=1):
        assert verifier.verify(token).user_id == number
    assert list(verifier._verified) == issued[-3:]


def test_a_refused_token_is_not_remembered(verifier: TokenVerifier) -> None:
    with pytest.raises(TokenInvalid):
        verifier.verify("hello")
    assert not verifier._verified


def test_a_revoked_session_ends_its_tokens_even_the_remembered_ones(
    verifier: TokenVerifier, token: str
) -> None:
    verifier.verify(token)
    verifier._session_revoked(SessionEnded("session-1"))
    with pytest.raises(TokenInvalid):
        verifier.verify(token)
    other = AccessTokens.of(settings()).issue(7, "VENDOR", "session-2", now())
    assert verifier.verify(other).session_id == "session-2"


def test_a_role_that_is_gone_may_nothing(verifier: TokenVerifier) -> None:
    role = verifier.verify(AccessTokens.of(settings()).issue(7, "GONE", "s", now())).role
    assert (role.name, role.permissions) == ("GONE", frozenset())


def test_an_account_may_what_its_role_may_now(token: str) -> None:
    roles = RoleTable()
    verifier = TokenVerifier.of(settings(), roles)
    assert verifier.verify(token).role is Role.VENDOR
    verifier._role_assigned(RoleAssigned(7, "SUPPORT", version=3))
    assert verifier.verify(token).role == Role("SUPPORT")
    roles._take(RoleChanged("SUPPORT", 4, 1, ("MANAGE_REFUNDS",)))
    assert verifier.verify(token).role == Role("SUPPORT", frozenset({Permission.MANAGE_REFUNDS}))
    verifier._role_assigned(RoleAssigned(7, "ADMIN", version=2))  # told late
    assert verifier.verify(token).role.name == "SUPPORT"
    roles._take(RoleChanged("SUPPORT", 4, 2, ()))
    assert not verifier.verify(token).role.permissions
    other = AccessTokens.of(settings()).issue(8, "VENDOR", "s", now())
    assert verifier.verify(other).role is Role.VENDOR


def test_an_assignment_is_remembered_as_long_as_a_token_may_live(keys: TokenKeys) -> None:
    moment = [1000.0]
    verifier = verifier_by(moment, keys, timedelta(seconds=60))
    for user_id in (1, 2):
        verifier._role_assigned(RoleAssigned(user_id, "VENDOR", version=2))
        moment[0] += 50
    verifier._role_assigned(RoleAssigned(3, "VENDOR", version=2))
    assert list(verifier._assigned) == [2, 3]


def test_a_revocation_is_remembered_as_long_as_a_token_may_live(keys: TokenKeys) -> None:
    moment = [1000.0]
    verifier = verifier_by(moment, keys, timedelta(seconds=60))
    verifier.revoke("a")
    moment[0] += 50
    verifier.revoke("b")
    assert list(verifier._revoked) == ["a", "b"]
    moment[0] += 20
    verifier.revoke("c")
    assert list(verifier._revoked) == ["b", "c"]


def pem_files(directory: Path, private: Any) -> tuple[Path, Path]:
    private_path, public_path = directory / f"{uuid.uuid4()}.pem", directory / f"{uuid.uuid4()}.pub"
    private_path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public_path.write_bytes(public)
    return private_path, public_path


def ed25519_key() -> Any:
    return ed25519.Ed25519PrivateKey.generate()


def rsa_key() -> Any:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(("algorithm", "make"), [("EdDSA", ed25519_key), ("RS256", rsa_key)])
def test_a_token_signed_with_a_private_key(algorithm: str, make: Callable[[], Any], tmp_path: Path) -> None:
    private, public = pem_files(tmp_path, make())
    chosen = settings(algorithm=algorithm, jwt_key_file=private, jwt_key_id="2026")
    verifier, token = (
        TokenVerifier.of(chosen, RoleTable()),
        AccessTokens.of(chosen).issue(7, "ADMIN", "s", now()),
    )
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert verifier.verify(token).role is Role.ADMIN
    # The public key is public: whoever uses it as an HMAC key must not get in.
    forged = forge({"alg": "HS256", "kid": "2026"}, claims(), public.read_bytes())
    with pytest.raises(TokenInvalid):
        verifier.verify(forged)


@pytest.mark.parametrize(("algorithm", "make"), [("EdDSA", ed25519_key), ("RS256", rsa_key)])
def test_after_a_rotation_tokens_of_the_previous_key_are_still_accepted_by_its_id(
    algorithm: str, make: Callable[[], Any], tmp_path: Path
) -> None:
    old_private, old_public = pem_files(tmp_path, make())
    new_private, _ = pem_files(tmp_path, ed25519_key())
    before = settings(algorithm=algorithm, jwt_key_file=old_private, jwt_key_id="old")
    after = settings(
        algorithm="EdDSA", jwt_key_file=new_private, jwt_key_id="new", jwt_previous_keys={"old": old_public}
    )
    old_token = AccessTokens.of(before).issue(7, "ADMIN", "s", now())
    new_token = AccessTokens.of(after).issue(7, "ADMIN", "s", now())
    assert TokenVerifier.of(after, RoleTable()).verify(old_token).user_id == 7
    assert TokenVerifier.of(after, RoleTable()).verify(new_token).user_id == 7
    with pytest.raises(TokenInvalid):
        TokenVerifier.of(before, RoleTable()).verify(new_token)
    with pytest.raises(TokenInvalid):
        TokenVerifier.of(settings(algorithm="EdDSA", jwt_key_file=new_private), RoleTable()).verify(old_token)


@pytest.mark.parametrize(
    ("algorithm", "private", "problem"),
    [
        ("EdDSA", rsa_key(), "Ed25519"),
        ("RS256", ed25519_key(), "RSA"),
        ("RS256", rsa.generate_private_key(65537, 1024), "2048"),
        ("EdDSA", ec.generate_private_key(ec.SECP256R1()), "Ed25519"),
    ],
    ids=["RSA for EdDSA", "Ed25519 for RS256", "short RSA", "EC for EdDSA"],
)
def test_a_key_of_another_kind_stops_the_start(
    algorithm: str, private: Any, problem: str, tmp_path: Path
) -> None:
    path, _ = pem_files(tmp_path, private)
    with pytest.raises(InvalidSettings, match=f"JWT_KEY_FILE.*{problem}"):
        AccessTokens.of(settings(algorithm=algorithm, jwt_key_file=path))


def test_a_missing_or_broken_key_file_stops_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("not a key")
    for path in (tmp_path / "missing.pem", broken):
        with pytest.raises(InvalidSettings, match="JWT_KEY_FILE"):
            TokenVerifier.of(settings(algorithm="EdDSA", jwt_key_file=path), RoleTable())
        with pytest.raises(InvalidSettings, match="JWT_PREVIOUS_KEYS"):
            TokenVerifier.of(settings(jwt_previous_keys={"old": path}), RoleTable())


def test_a_shop_without_a_secret_cannot_sign() -> None:
    with pytest.raises(InvalidSettings, match="SECRET_KEY"):
        AccessTokens.of(settings(secret_key=""))


def test_the_signing_key_is_not_the_secret_itself(keys: TokenKeys) -> None:
    assert keys.signing_key == hmac.digest(SECRET.encode(), b"access-token", hashlib.sha256)
