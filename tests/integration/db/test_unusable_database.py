"""A database or DATA_DIR that cannot be used is said in one line, and the right file is used where it can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from support.command_line import Sanset

from server.process.ports import free_ports

COMMANDS = ("serve", "migrate", "verify", "jobs")


def refuses(sanset: Sanset, command: str, **settings: str) -> str:
    status, said = sanset(command, **settings)
    assert status == 1, said
    assert said.startswith("sanset: ")
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_is_not_there_is_said_in_a_line(
    postgres_server: str, sanset: Sanset, tmp_path: Path, command: str
) -> None:
    url = make_url(postgres_server)

    def at(**parts: object) -> str:
        return url.set(**parts).render_as_string(hide_password=False)  # type: ignore[arg-type]

    (closed,) = free_ports(1)
    said = {
        "missing": refuses(sanset, command, DATABASE_URL=at(database="no_such_shop")),
        "password": refuses(sanset, command, DATABASE_URL=at(password="wrong-word")),
        "port": refuses(sanset, command, DATABASE_URL=at(port=closed)),
        "host": refuses(sanset, command, DATABASE_URL=at(host="no-such-host.invalid")),
        "file": refuses(sanset, command, DATABASE_URL=f"sqlite:///{tmp_path / 'missing' / 'shop.db'}"),
    }
    assert 'database "no_such_shop" does not exist' in said["missing"]
    assert "password authentication failed" in said["password"]
    assert str(closed) in said["port"]
    assert "no-such-host.invalid" in said["host"]
    assert "wrong-word" not in said["password"]
    assert all("DATABASE_URL" in line or command != "migrate" for line in said.values())


def test_a_role_that_may_create_nothing_is_said_in_a_line(postgres_server: str, sanset: Sanset) -> None:
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE poor LOGIN PASSWORD 'poor-word-1'")
        connection.exec_driver_sql("CREATE DATABASE poor_shop")
    url = make_url(postgres_server).set(username="poor", password="poor-word-1", database="poor_shop")
    said = refuses(sanset, "migrate", DATABASE_URL=url.render_as_string(hide_password=False))
    assert "CREATE" in said
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE poor_shop WITH (FORCE)")
        connection.exec_driver_sql("DROP ROLE poor")
    admin.dispose()


def test_a_file_that_is_no_database_is_said_in_a_line(sanset: Sanset, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("this is not a database, but a page of notes " * 100)
    for command in COMMANDS:
        assert str(path) in refuses(sanset, command, DATABASE_URL=f"sqlite:///{path}")


def test_looking_at_a_database_that_is_not_there_makes_none(sanset: Sanset, tmp_path: Path) -> None:
    refuses(sanset, "verify", DATABASE_URL=f"sqlite:///{tmp_path / 'typo.db'}")
    assert not (tmp_path / "typo.db").exists()


@pytest.mark.parametrize("command", ["migrate", "run", "demo"])
def test_a_data_dir_that_cannot_be_used_is_said_in_a_line(
    sanset: Sanset, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("")
    environment = {"ENVIRONMENT": "demo", "SECRET_KEY": ""} if command != "migrate" else {}
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert "DATA_DIR" in refuses(sanset, command, DATA_DIR=str(place), **environment)


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a b#c&d=1", "größe", "50%"])
def test_the_database_lies_in_data_dir_whatever_its_name(sanset: Sanset, tmp_path: Path, name: str) -> None:
    home = tmp_path / "homes" / name
    status, said = sanset("migrate", DATA_DIR=str(home))
    assert status == 0, said
    assert sorted(os.listdir(tmp_path / "homes")) == [name]
    assert (home / "sanset.db").exists()
    assert sanset("jobs", DATA_DIR=str(home))[0] == 0
