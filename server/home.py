"""DATA_DIR: kept private, and what a demo shop leaves in it by which later commands find the same shop."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from server import postgres
from server.settings import InvalidSettings, Settings, load

DEMO_ADMIN: Final = ("admin@example.com", "admin-demo-1")
"""The admin of a demo shop, where FIRST_SUPERUSER_* names no other. Refused outside demo mode."""

Kind = Literal["sqlite", "postgres"]

_MAKES_A_DEMO: Final = ("run", "demo")
WITHOUT_A_SHOP: Final = ("config", "evaluate")
"""Commands that touch nothing in DATA_DIR."""
_FINDS_A_DEMO: Final = ("import", "export", "train", "verify", "config", "jobs")


def settings_for(command: str) -> Settings:
    """The settings under which `sanset COMMAND` works.

    `run` and `demo` make a demo shop. Commands on a shop work on the demo shop of DATA_DIR where there is one and
    the settings name no other environment and no key. All else goes by the settings alone. Raises InvalidSettings.
    """
    if command in _MAKES_A_DEMO or (command in _FINDS_A_DEMO and _is_demo()):
        return demo_settings(load(environment="demo"))
    if command == "evaluate":
        # It works on a file, in no shop: no key or admin need be named.
        return load(environment="demo")
    return load()


class _Named(BaseSettings):
    """What says which shop is meant, before it is known which rules its settings must keep."""

    model_config = Settings.model_config

    environment: str = ""
    secret_key: SecretStr = SecretStr("")
    data_dir: Path = Path("var")


def named_data_dir() -> Path:
    """DATA_DIR, where the other settings cannot be read."""
    return _Named().data_dir


def _is_demo() -> bool:
    named = _Named()
    return (
        named.environment in ("", "demo")
        and not named.secret_key.get_secret_value()
        and _secret_file(named.data_dir).exists()
    )


def demo_settings(settings: Settings) -> Settings:
    """Fill in what a demo shop makes up for itself: a secret, kept in DATA_DIR, and an admin."""
    changes: dict[str, object] = {"environment": "demo"}
    if not settings.secret_key.get_secret_value():
        changes["secret_key"] = SecretStr(_kept_secret(settings.data_dir))
    if not settings.first_superuser_email:
        changes["first_superuser_email"] = DEMO_ADMIN[0]
        changes["first_superuser_password"] = SecretStr(DEMO_ADMIN[1])
    return settings.model_copy(update=changes)


def _secret_file(data_dir: Path) -> Path:
    return data_dir / "secret_key"


def _kept_secret(data_dir: Path) -> str:
    path = _secret_file(data_dir)
    if not path.exists():
        make_private(data_dir)
        write_private(path, secrets.token_hex(32))
    return path.read_text("utf-8").strip()


def mark_as_demo(data_dir: Path) -> None:
    """Remember that a demo shop lives in `data_dir`."""
    make_private(data_dir)
    write_private(
        _demo_mark(data_dir), "A demo shop lives here. No shop in production starts in this directory.\n"
    )


def is_a_demos(data_dir: Path) -> bool:
    """Whether a demo shop lives in `data_dir`, or did."""
    return _demo_mark(data_dir).exists()


def _demo_mark(data_dir: Path) -> Path:
    return data_dir / "demo"


def choose_database(data_dir: Path, kind: Kind) -> None:
    """Remember which of its databases the shop in `data_dir` uses."""
    run_directory(data_dir)
    write_private(_choice_file(data_dir), kind)


def database_url(settings: Settings) -> str:
    """The URL of the shop's database: that of DATABASE_URL, or the one chosen last under DATA_DIR.

    Empty for a PostgreSQL under DATA_DIR that does not run now.
    """
    choice = _choice_file(settings.data_dir)
    if settings.database_url or not choice.exists() or choice.read_text("utf-8") != "postgres":
        return settings.url
    return postgres.found(postgres_directory(settings.data_dir)) or ""


def postgres_directory(data_dir: Path) -> Path:
    """Where the shop's own PostgreSQL lives."""
    return data_dir / "postgres"


def _choice_file(data_dir: Path) -> Path:
    return data_dir / "run" / "database"


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
