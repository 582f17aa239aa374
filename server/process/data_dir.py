"""DATA_DIR, the shop's directory: its marks, its private files, and the lock of the one shop that runs in it."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.settings import InvalidSettings


def mark_as_demo(data_dir: Path) -> None:
    """Remember that a demo shop lives in `data_dir`."""
    make_private(data_dir)
    write_private(
        _demo_mark(data_dir), "A demo shop lives here. No shop in production starts in this directory.\n"
    )


def is_demo(data_dir: Path) -> bool:
    """Tell whether a demo shop lives in `data_dir`, or did."""
    return _demo_mark(data_dir).exists()


def _demo_mark(data_dir: Path) -> Path:
    return data_dir / "demo"


def run_directory(data_dir: Path) -> Path:
    """Return the directory for the files of a running shop, made when absent, and closed to everyone else."""
    make_private(data_dir)
    directory = data_dir / "run"
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)
    return directory


def refuse_open(directory: Path) -> None:
    """Raise InvalidSettings where every user of this machine may enter a directory that was made before."""
    try:
        mode = stat.S_IMODE(directory.stat().st_mode)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidSettings(f"DATA_DIR: cannot use {directory}: {error.strerror}") from error
    if mode & stat.S_IRWXO:
        raise InvalidSettings(
            f"DATA_DIR: {directory} is open to every user of this machine (mode {mode:o}), and holds accounts and "
            f"keys; run `chmod 700 {directory}`"
        )


def make_private(directory: Path) -> None:
    """Make a directory that only its owner enters; one that is there keeps the mode it was given."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


class InUse(Exception):
    """Another shop runs in the same DATA_DIR; the text is one line that says so."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Be the only shop that runs in `data_dir`, for as long as the `with`, or this process, lasts.

    Raises InUse, and OSError when `data_dir` cannot be written.
    """
    # Never replaced: the lock is on the file, not on its name.
    with open(
        os.open(run_directory(data_dir) / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8"
    ) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip()
            raise InUse(
                f"DATA_DIR: a shop runs in {data_dir.absolute()} already (process {holder or 'unknown'}); "
                "stop it, or give this one a directory of its own"
            ) from None
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; who opens it meanwhile finds the old text or the new, whole."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with open(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
