"""Which shop a command means: its settings, what a demo makes up for itself, and its database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.bootstrap.database import choose_database, database_url
from server.bootstrap.demo_settings import DEMO_ADMIN, demo_settings
from server.cli.settings import settings_for
from server.settings import InvalidSettings, Settings

STRONG = "c41f07e29ab5d8368e02f7b1935acd64"
ON_A_SHOP = ["import", "train", "export", "verify", "config", "roles", "api-keys"]


@pytest.fixture(autouse=True)
def data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A DATA_DIR that is not there yet, and no other setting."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "shop"))
    return tmp_path / "shop"


@pytest.mark.parametrize("command", ON_A_SHOP)
def test_a_command_works_on_the_demo_shop_that_is_there(command: str) -> None:
    made = settings_for("run")
    found = settings_for(command)
    assert found == made
    assert found.environment == "demo"
    assert found.first_superuser_email == DEMO_ADMIN[0]
    assert len(found.secret_key.get_secret_value()) == 64


@pytest.mark.parametrize("command", [*ON_A_SHOP, "serve", "migrate"])
def test_without_a_demo_shop_a_command_needs_the_settings_of_production(command: str, data_dir: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"^SECRET_KEY: required"):
        settings_for(command)
    assert not data_dir.exists()


def test_a_shop_of_ones_own_is_never_taken_for_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    settings_for("demo")
    for command in ("serve", "migrate", "worker"):
        with pytest.raises(InvalidSettings, match=r"^SECRET_KEY: required"):
            settings_for(command)
    monkeypatch.setenv("SECRET_KEY", STRONG)
    monkeypatch.setenv("PAYMENT_GATEWAY", "demo")
    assert settings_for("verify").environment == "production"
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(InvalidSettings, match=r"^SECRET_KEY: required"):
        settings_for("config")


def test_the_made_up_secret_is_kept_and_private(data_dir: Path) -> None:
    first = demo_settings(Settings(_env_file=None, environment="demo", data_dir=data_dir))
    again = demo_settings(Settings(_env_file=None, environment="demo", data_dir=data_dir))
    assert first.secret_key == again.secret_key
    assert _mode(data_dir) == 0o700
    assert [(path.name, _mode(path)) for path in data_dir.iterdir()] == [("secret_key", 0o600)]


def test_the_database_chosen_last_is_the_shops(data_dir: Path) -> None:
    settings = Settings(_env_file=None, environment="test", data_dir=data_dir)
    sqlite = f"sqlite:///{data_dir / 'sanset.db'}"
    assert database_url(settings) == sqlite
    choose_database(data_dir, "postgres")
    assert database_url(settings) == ""
    named = settings.model_copy(update={"database_url": "sqlite:////elsewhere.db"})
    assert database_url(named) == "sqlite:////elsewhere.db"
    choose_database(data_dir, "sqlite")
    assert database_url(settings) == sqlite


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
