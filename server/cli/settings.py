"""The settings under which a command works, by the shop that it means."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from server.bootstrap.demo_settings import demo_settings, secret_file
from server.settings import Settings, load

_MAKES_A_DEMO: Final = ("run", "demo")
WITHOUT_A_SHOP: Final = ("config", "evaluate")
"""Commands that touch nothing in DATA_DIR."""
_FINDS_A_DEMO: Final = ("import", "export", "train", "verify", "config", "jobs", "roles", "api-keys")


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
    """The settings that say which shop is meant, before it is clear which rules the others must keep."""

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
        and secret_file(named.data_dir).exists()
    )
