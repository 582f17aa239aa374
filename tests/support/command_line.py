"""Commands of an operator, run in the process of the test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server import logs
from server.cli import command_line
from server.settings import Settings

Sanset = Callable[..., tuple[int, str]]
"""Takes the words of a command and settings; returns the exit status, and what was said on standard error."""


@pytest.fixture
def sanset(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Sanset:
    """Runs commands in a directory of their own, with the settings of a test shop."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.setattr(logs, "configure", lambda level: None)
    monkeypatch.chdir(tmp_path)
    settings = {
        "ENVIRONMENT": "test",
        "SECRET_KEY": "0123456789abcdef" * 4,
        "DATA_DIR": str(tmp_path / "data"),
    }

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        for name, value in (settings | more).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["sanset", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run
