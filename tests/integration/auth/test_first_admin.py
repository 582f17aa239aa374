"""The first admin of a shop: created once, with a password that is not easy to guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from support.environments import Environment, environment_settings

from server.bootstrap.prepare import prepare
from server.settings import InvalidSettings, Settings
from server.user.models import User


def _settings(url: str, home: Path, password: str, environment: Environment = "production") -> Settings:
    return environment_settings(url, home, environment, ("owner@shop.test", password))


def _emails(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        emails = list(connection.execute(select(User.email)).scalars())
    engine.dispose()
    return emails


@pytest.mark.parametrize(
    "password", ["short1", "letters-only", "iloveyou1", "Owner-Shop-2026", "admin-demo-1"]
)
def test_a_password_that_can_be_guessed_makes_no_settings(
    sqlite_url: str, tmp_path: Path, password: str
) -> None:
    with pytest.raises(ValueError, match=r"FIRST_SUPERUSER_PASSWORD: .* easily guessed"):
        _settings(sqlite_url, tmp_path, password)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("purple-llama-forty-dance", "must contain a letter and a digit"),
        ("purple-llama-42-dance" * 7, "must have 8 to 128 characters"),
    ],
)
def test_a_password_that_no_account_may_have_makes_no_admin(
    sqlite_url: str, tmp_path: Path, password: str, problem: str
) -> None:
    with pytest.raises(InvalidSettings, match=f"^FIRST_SUPERUSER_PASSWORD: .*{problem}"):
        prepare(_settings(sqlite_url, tmp_path, password))
    assert _emails(sqlite_url) == []


def test_a_demo_may_be_careless(sqlite_url: str, tmp_path: Path) -> None:
    prepare(_settings(sqlite_url, tmp_path, "short1", "demo"))
    assert _emails(sqlite_url) == ["owner@shop.test"]


def test_who_has_an_admin_is_not_asked_again(sqlite_url: str, tmp_path: Path) -> None:
    prepare(_settings(sqlite_url, tmp_path, "a-long-and-own-one-7"))
    prepare(_settings(sqlite_url, tmp_path, "purple-llama-forty-dance"))
    assert _emails(sqlite_url) == ["owner@shop.test"]
