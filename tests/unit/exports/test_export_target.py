"""Where an export arrives, and what it leaves alone."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from server.exports.target import UnusableTarget, is_stream, writing

TEXT = b"a,b\r\n"


def export(path: Path, text: bytes = TEXT) -> None:
    with writing(path) as unfinished:
        unfinished.write_bytes(text)


def test_a_new_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    with writing(path) as unfinished:
        unfinished.write_bytes(TEXT)
        assert not path.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["orders.csv"]
    assert path.read_bytes() == TEXT
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_failed_export_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"of yesterday")
    twin = tmp_path / "twin.csv"
    os.link(path, twin)
    for target in (path, tmp_path / "new.csv"):
        with pytest.raises(ValueError, match="halfway"):
            _fail_halfway(target)
    assert (path.read_bytes(), twin.read_bytes()) == (b"of yesterday", b"of yesterday")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["orders.csv", "twin.csv"]


def _fail_halfway(path: Path) -> None:
    with writing(path) as unfinished:
        unfinished.write_bytes(b"half")
        raise ValueError("halfway")


def test_a_file_keeps_its_mode_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"old")
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    before = path.stat()
    export(path)
    after = path.stat()
    assert path.read_bytes() == TEXT
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_links_stay_links(tmp_path: Path) -> None:
    real, near, twin = tmp_path / "real.csv", tmp_path / "link.csv", tmp_path / "twin.csv"
    real.write_bytes(b"old")
    near.symlink_to(real)
    export(near)
    assert near.is_symlink()
    assert real.read_bytes() == TEXT
    os.link(real, twin)
    export(real, b"new")
    assert twin.read_bytes() == b"new"
    real.unlink()
    twin.unlink()
    export(near)  # a link to nothing yet
    assert near.is_symlink()
    assert real.read_bytes() == TEXT


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, near = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    near.symlink_to(pipe)
    for path in (pipe, near):
        arrived: list[bytes] = []
        reader = threading.Thread(target=lambda into: into.append(pipe.read_bytes()), args=[arrived])
        reader.start()
        export(path)
        reader.join(10)
        assert arrived == [TEXT]
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert is_stream(path)
    assert near.is_symlink()


def test_a_device_stays_a_device() -> None:
    export(Path("/dev/null"))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_file_that_is_open_already_is_written_to(tmp_path: Path) -> None:
    with (tmp_path / "redirected").open("wb") as file:
        before = os.fstat(file.fileno()).st_ino
        export(Path(f"/dev/fd/{file.fileno()}"))
        export(Path(f"/proc/self/fd/{file.fileno()}"))
    assert (tmp_path / "redirected").read_bytes() == TEXT
    assert (tmp_path / "redirected").stat().st_ino == before


def test_a_hyphen_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    export(Path("-"))
    assert capfdbinary.readouterr().out == TEXT


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (lambda home: home, "is a directory; name a file in it"),
        (lambda home: home / "nowhere" / "o.csv", "there is no directory"),
        (lambda home: home / "file" / "o.csv", "cannot be written: Not a directory"),
        (lambda home: home / ("x" * 300), "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_line(
    tmp_path: Path, place: Callable[[Path], Path], why: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnusableTarget, match=why) as caught:
        export(place(tmp_path))
    assert "\n" not in str(caught.value)
