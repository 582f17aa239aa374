"""DATA_DIR: who may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.process.data_dir import make_private, refuse_open, write_private
from server.settings import InvalidSettings


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own").chmod(0o750)
    make_private(tmp_path / "own")
    assert _mode(tmp_path / "own") == 0o750


@pytest.mark.parametrize("mode", [0o755, 0o711, 0o701, 0o777])
def test_a_directory_that_everyone_enters_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)
    with pytest.raises(InvalidSettings, match=rf"^DATA_DIR: .* open to every user .*{mode:o}.*chmod 700 "):
        refuse_open(tmp_path / "open")


@pytest.mark.parametrize("mode", [0o700, 0o750])
def test_a_directory_of_its_owner_and_group_is_taken(tmp_path: Path, mode: int) -> None:
    refuse_open(tmp_path / "not there yet")
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(mode)
    refuse_open(tmp_path / "closed")


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        write_private(path, "new")
        assert reader.read() == "old"
    assert (path.read_text(), _mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
