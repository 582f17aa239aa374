"""The commands of an operator on a demo shop: they find its key and its database, running or not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.forked_command import completed

from server.bootstrap.database import choose_database
from server.cli.settings import settings_for
from server.db import migrate
from server.process import postgres
from server.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DATA_DIR with the key of a demo shop, and no other setting."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "shop"))
    settings_for("demo")
    return tmp_path / "shop"


def _sanset(command: str) -> subprocess.CompletedProcess[str]:
    return completed([command], os.environ, Path.cwd())


def test_commands_find_the_postgresql_of_the_demo_shop(home: Path) -> None:
    choose_database(home, "postgres")
    with postgres.running(home / "postgres") as url:
        migrate.upgrade(url)
        running = _sanset("verify")
        assert "0 violations" in running.stdout, running.stderr
        shown = _sanset("config").stdout
        assert f"DATABASE_URL={url.replace(url.split(':')[2].split('@')[0], '********')}" in shown
        assert "ENVIRONMENT=demo" in shown
    stopped = _sanset("verify")
    assert "0 violations" in stopped.stdout, stopped.stderr
    assert "not running" in _sanset("config").stdout
    assert not (home / "sanset.db").exists()


def test_without_a_schema_the_refusal_is_one_line(home: Path) -> None:
    refused = _sanset("verify")
    assert refused.returncode == 1
    assert refused.stderr == "sanset: the database has not the newest schema; run `sanset demo` first\n"
