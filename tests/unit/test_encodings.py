"""What the shop reads and writes is UTF-8, whatever the locale of who starts it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.process.ports import free_ports
from server.settings import Settings

PROJECT = Path(__file__).parents[2]
TEXT_METHODS = {"read_text": 0, "write_text": 1}
"""By their name: which argument of a path's method is the encoding."""


def _sources() -> list[Path]:
    return [
        path
        for name in ("server", "ml", "clients/python", "proto")
        for path in (PROJECT / name).rglob("*.py")
    ]


def _calls_by_locale(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that would read or write text in the encoding of the locale."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        keywords = {word.arg: word.value for word in call.keywords}
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if "encoding" in keywords:
            continue
        opens = name == "fdopen" or (name == "open" and isinstance(call.func, ast.Name))
        mode = keywords.get("mode", call.args[1] if len(call.args) > 1 else None)
        binary = isinstance(mode, ast.Constant) and "b" in str(mode.value)
        if (
            (opens and not binary)
            or (name in TEXT_METHODS and len(call.args) <= TEXT_METHODS[name])
            or (keywords.keys() & {"text", "universal_newlines"} and name in {"run", "Popen", "check_output"})
        ):
            yield call


def test_every_text_file_and_pipe_names_its_encoding() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in _sources()
        for call in _calls_by_locale(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    ["open('x')", "open('x', 'w')", "path.read_text()", "path.write_text('é')", "os.fdopen(3)",
     "subprocess.run(['x'], text=True)"],
)  # fmt: skip
def test_such_a_call_would_be_seen(code: str) -> None:
    assert len(list(_calls_by_locale(ast.parse(code)))) == 1


def test_a_command_speaks_to_a_terminal_that_knows_ascii_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAIL_FROM=Café <shop@example.com>\nENVIRONMENT=test\n", "utf-8")
    bare = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    environment = bare | {
        "PYTHONIOENCODING": "ascii",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    command = [sys.executable, "-m", "server", "config"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"MAIL_FROM=Caf\\xe9 <shop@example.com>" in done.stdout


def test_the_gateways_configuration_is_written_in_utf_8_under_any_locale(tmp_path: Path) -> None:
    code = """
import pathlib, sys
from server.process import supervisor
from server.settings import Settings
(a, b, c) = map(int, sys.argv[1:])
settings = Settings(_env_file=None, environment="test", data_dir=pathlib.Path("d"), port=a, grpc_port=b, workers=1)
supervisor.Shop(settings, supervisor.Ports(a, b, c, (1,), (2,)))
"""
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ports = [str(port) for port in free_ports(3)]
    command = [sys.executable, "-c", code, *ports]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
    assert "──" in (tmp_path / "d" / "run" / "envoy.yaml").read_text("utf-8")
