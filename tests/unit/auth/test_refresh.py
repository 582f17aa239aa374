"""Refresh tokens: random, hashed, and each with one successor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.auth.refresh import RefreshPolicy, hash_of, new_token
from server.settings import load


def policy(**changes: Any) -> RefreshPolicy:
    values = {"secret_key": "a secret of the tests, long enough for all"} | changes
    return RefreshPolicy.of(load(_env_file=None, environment="test", **values))


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}


def test_a_token_has_one_successor_that_only_this_secret_gives() -> None:
    token = new_token()
    assert policy().successor(token) == policy().successor(token) != token
    assert policy(secret_key="b" * 40).successor(token) != policy().successor(token)
    assert len(policy().successor(token)) == 43


def test_a_token_is_stored_as_a_hash_that_does_not_contain_it() -> None:
    token = new_token()
    assert len(hash_of(token)) == 64
    assert token not in hash_of(token)


def test_the_policy_follows_the_settings() -> None:
    made = policy(refresh_token_expire_minutes=60, refresh_grace_seconds=17)
    assert (made.lifetime, made.grace) == (timedelta(hours=1), timedelta(seconds=17))
