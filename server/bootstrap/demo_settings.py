"""Settings that a demo shop makes up: a secret, stored in DATA_DIR, and an admin whose password is printed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from server.process.data_dir import make_private, write_private
from server.settings import Settings

DEMO_ADMIN: Final = ("admin@example.com", "admin-demo-1")
"""The admin of a demo shop, where FIRST_SUPERUSER_* names no other. Refused outside demo mode."""


def demo_settings(settings: Settings) -> Settings:
    """Fill in what a demo shop makes up for itself: a secret, kept in DATA_DIR, and an admin."""
    changes: dict[str, object] = {"environment": "demo"}
    if not settings.secret_key.get_secret_value():
        changes["secret_key"] = SecretStr(_stored_secret(settings.data_dir))
    if not settings.first_superuser_email:
        changes["first_superuser_email"] = DEMO_ADMIN[0]
        changes["first_superuser_password"] = SecretStr(DEMO_ADMIN[1])
    return settings.model_copy(update=changes)


def secret_file(data_dir: Path) -> Path:
    """The file of the secret that a demo shop made."""
    return data_dir / "secret_key"


def _stored_secret(data_dir: Path) -> str:
    path = secret_file(data_dir)
    if not path.exists():
        make_private(data_dir)
        write_private(path, secrets.token_hex(32))
    return path.read_text("utf-8").strip()
