"""What an operator is told of the keys."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from support.command_line import Sanset

from server.db.engine import connect
from server.process import supervisor
from server.rotation import rotate

pytestmark = pytest.mark.either

OLD, NEW, OTHER = "a" * 40, "b" * 40, "c" * 40


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for workers, and nothing is served."""
    monkeypatch.setattr(rotate, "NOTICE_SECONDS", 0)
    monkeypatch.setattr(supervisor, "serve", lambda _settings: None)


def test_a_start_says_what_is_to_be_done_with_the_keys(database_url: str, sanset: Sanset) -> None:
    assert sanset("serve", DATABASE_URL=database_url, SECRET_KEY=OLD) == (0, "")
    both = {"DATABASE_URL": database_url, "SECRET_KEY": NEW, "PREVIOUS_SECRET_KEYS": f'["{OLD}"]'}
    status, said = sanset("serve", **both)
    assert (status, "run `sanset rotate-keys`" in said) == (0, True)
    assert sanset("rotate-keys", **both)[0] == 0
    assert sanset("serve", **both) == (0, "")
    alone = {"DATABASE_URL": database_url, "SECRET_KEY": NEW, "PREVIOUS_SECRET_KEYS": "[]"}
    assert sanset("serve", **alone) == (0, "")


def test_a_secret_that_is_lost_can_be_given_up(database_url: str, sanset: Sanset) -> None:
    assert sanset("serve", DATABASE_URL=database_url, SECRET_KEY=OLD)[0] == 0
    lost = {"DATABASE_URL": database_url, "SECRET_KEY": OTHER}
    for command in ("serve", "rotate-keys", "verify"):
        status, said = sanset(command, **lost)
        assert (status, said.count("\n")) == (1, 1), said
        assert "SECRET_KEY: the database is sealed with the key" in said
        assert OTHER not in said
    assert sanset("rotate-keys", "--despite-lost-key", **lost)[0] == 0
    assert sanset("serve", **lost) == (0, "")


def test_a_shop_from_before_is_told_to_seal(database_url: str, sanset: Sanset) -> None:
    engine = connect(database_url, pool_size=1)
    with engine.begin() as tx:
        tx.execute(text("DELETE FROM shop_properties WHERE name = 'sealing_since'"))
    engine.dispose()
    one = {"DATABASE_URL": database_url, "SECRET_KEY": OLD}
    status, said = sanset("serve", **one)
    assert (status, "not encrypted yet" in said) == (0, True)
    assert sanset("rotate-keys", **one)[0] == 0
    assert sanset("serve", **one) == (0, "")
