"""A demo's database and directory never become a real shop's, nor the reverse."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from support.environments import STRONG_KEY, environment_settings
from support.forked_command import completed

from server.bootstrap import demo_shop, environments
from server.bootstrap.demo_settings import DEMO_ADMIN
from server.bootstrap.demo_shop import prepare_demo
from server.bootstrap.first_admin import create_admin, hashed
from server.bootstrap.prepare import prepare
from server.db.properties import property_of, set_once
from server.settings import InvalidSettings, Settings


def _sql(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as tx:
        tx.execute(text(statement))
    engine.dispose()


def test_a_demos_database_is_refused_in_production(database_url: str, tmp_path: Path) -> None:
    prepare(environment_settings(database_url, tmp_path / "demo", "demo"))
    for again in ("demo", "test"):
        environments.claim(environment_settings(database_url, tmp_path / "demo", again))
    real = environment_settings(database_url, tmp_path / "real", "production")
    for refused in (environments.refuse_foreign, environments.claim, prepare):
        with pytest.raises(InvalidSettings, match=r"^DATABASE_URL: .* demo shop's"):
            refused(real)


def test_a_real_shops_database_is_refused_by_a_demo(database_url: str, tmp_path: Path) -> None:
    prepare(environment_settings(database_url, tmp_path, "production"))
    environments.claim(environment_settings(database_url, tmp_path, "production"))
    with pytest.raises(InvalidSettings, match=r"^DATABASE_URL: .* real shop's"):
        prepare_demo(environment_settings(database_url, tmp_path, "demo", DEMO_ADMIN))
    assert not (tmp_path / "demo").exists()


@pytest.mark.either
def test_an_account_with_a_demos_password_is_refused_whoever_made_it(
    database_url: str, tmp_path: Path
) -> None:
    create_admin(environment_settings(database_url, tmp_path, "test"), *DEMO_ADMIN)
    real = environment_settings(database_url, tmp_path, "production")
    with pytest.raises(
        InvalidSettings, match=r"^DATABASE_URL: the account admin@example.com has the password"
    ):
        environments.claim(real)
    _sql(database_url, "UPDATE users SET is_active = false")
    environments.refuse_foreign(real)
    _sql(database_url, f"UPDATE users SET is_active = true, password_hash = '{hashed(real, 'mine-x9')}'")
    environments.claim(real)


def test_a_demos_directory_is_refused_in_production_with_any_database(
    sqlite_url: str, tmp_path: Path
) -> None:
    environments.claim(environment_settings(f"sqlite:///{tmp_path / 'other.db'}", tmp_path, "test"))
    (tmp_path / "demo").write_text("")
    with pytest.raises(InvalidSettings, match=r"^DATA_DIR: .* demo shop, which production refuses"):
        environments.claim(environment_settings(sqlite_url, tmp_path, "production"))


def test_of_two_that_start_at_once_the_first_one_owns_the_database(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as tx:
        set_once(tx, "environment", "demo")
        set_once(tx, "environment", "production")
        assert property_of(tx, "environment") == "demo"
    engine.dispose()


def _sanset(command: str, settings: Settings) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    values = settings.model_dump(
        mode="json", include=settings.model_fields_set - {"first_superuser_password"}
    )
    values |= {
        "secret_key": STRONG_KEY,
        "first_superuser_password": settings.first_superuser_password.get_secret_value(),
    }
    environment = bare | {name.upper(): str(value) for name, value in values.items()}
    home = settings.data_dir.parent
    return completed([command], environment, home)


@pytest.mark.parametrize("command", ["serve", "migrate", "verify"])
def test_no_command_of_production_works_on_a_demo(sqlite_url: str, tmp_path: Path, command: str) -> None:
    prepare(environment_settings(sqlite_url, tmp_path / "demo", "demo"))
    refused = _sanset(command, environment_settings(sqlite_url, tmp_path / "real", "production"))
    assert refused.returncode == 2, refused.stderr
    assert refused.stderr == (
        "sanset: DATABASE_URL: this database is a demo shop's, which production refuses; use a new one\n"
    )


@pytest.mark.parametrize("command", ["serve", "migrate", "verify"])
def test_an_open_data_directory_is_refused_in_production(
    sqlite_url: str, tmp_path: Path, command: str
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real").chmod(0o755)
    refused = _sanset(command, environment_settings(sqlite_url, tmp_path / "real", "production"))
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"sanset: DATA_DIR: {tmp_path / 'real'} is open to every user")
    assert refused.stderr.count("\n") == 1


def test_migrate_says_when_the_first_admin_was_not_created(sqlite_url: str, tmp_path: Path) -> None:
    owner, other = ("owner@shop.test", "a-long-and-own-one-7"), ("other@shop.test", "a-long-and-own-one-7")
    none = _sanset("migrate", environment_settings(sqlite_url, tmp_path / "real", "production"))
    assert none.returncode == 0
    assert none.stderr.startswith("sanset: the shop has no admin yet: set FIRST_SUPERUSER_EMAIL")
    for _ in "12":
        made = _sanset("migrate", environment_settings(sqlite_url, tmp_path / "real", "production", owner))
        assert (made.returncode, made.stderr) == (0, "")
    late = _sanset("migrate", environment_settings(sqlite_url, tmp_path / "real", "production", other))
    assert late.returncode == 1
    assert late.stderr.startswith("sanset: FIRST_SUPERUSER_EMAIL: other@shop.test was not made an admin")
    assert late.stderr.count("\n") == 1


def test_a_demo_goes_on_without_an_admin_of_ones_own(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filled: list[Settings] = []
    monkeypatch.setattr(demo_shop, "fill", filled.append)
    prepare_demo(environment_settings(sqlite_url, tmp_path, "demo", DEMO_ADMIN))
    prepare_demo(environment_settings(sqlite_url, tmp_path, "demo", ("me@shop.test", "mine")))
    assert len(filled) == 2
    assert "me@shop.test was not made an admin" in capsys.readouterr().err
