"""What is said at the start of a real shop."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from ml.models.boosting import MissingLibrary, missing_library
from server.bootstrap import notices
from server.bootstrap.notices import announce, warn_of_gaps
from server.settings import Settings


def _settings(tmp_path: Path, environment: str, smtp_host: str = "") -> Settings:
    values = {"environment": environment, "smtp_host": smtp_host, "data_dir": tmp_path / "[x]"}
    values["public_url"] = "https://shop.example.com"
    return Settings.model_construct(**{**Settings.model_construct().model_dump(), **values})


def test_a_real_shop_that_mails_nobody_is_warned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_gaps(_settings(tmp_path, "production"))
    assert capsys.readouterr().err == (
        f"sanset: SMTP_HOST is not set: mails are written to {tmp_path / '[x]' / 'mail'}, and sent to nobody.\n"
    )


def test_a_real_shop_whose_links_lead_nowhere_is_warned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path, "production", "smtp.example.com").model_copy(update={"public_url": ""})
    warn_of_gaps(settings)
    assert "PUBLIC_URL is not set: links in mails lead to http://localhost:8000" in capsys.readouterr().err


def test_a_shop_that_speaks_tls_says_so_where_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path, "demo")
    announce(settings)
    assert "ready: http://localhost:8000 (JSON)" in capsys.readouterr().out
    announce(settings.model_copy(update={"tls_cert_file": tmp_path / "shop.pem"}))
    said = capsys.readouterr().out
    assert "ready: https://localhost:8000 (JSON)" in said
    assert "curl 'https://localhost:8000/" in said


def test_the_pages_that_are_served_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = _settings(tmp_path, "demo").model_copy(update={"pages_dir": tmp_path})
    announce(settings)
    said = capsys.readouterr().out
    assert "http://localhost:8000/ (storefront) · http://localhost:8000/docs (the API)" in said
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "index.html").touch()
    announce(settings)
    assert "(storefront) · http://localhost:8000/console (console) · " in capsys.readouterr().out


@pytest.mark.parametrize(("environment", "smtp_host"), [("production", "smtp.example.com"), ("demo", "")])
def test_others_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], environment: str, smtp_host: str
) -> None:
    warn_of_gaps(_settings(tmp_path, environment, smtp_host))
    assert capsys.readouterr().err == ""


def test_a_real_shop_on_stripes_test_keys_is_warned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path, "production", "smtp.example.com")
    keys = {"payment_gateway": "stripe", "stripe_secret_key": SecretStr("sk_test_51H8xYz")}
    warn_of_gaps(settings.model_copy(update=keys))
    assert "STRIPE_SECRET_KEY is one for tests" in capsys.readouterr().err
    warn_of_gaps(settings.model_copy(update=keys | {"stripe_secret_key": SecretStr("sk_live_51H8xYz")}))
    assert capsys.readouterr().err == ""


def test_a_library_that_is_missing_is_said_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        notices, "missing_library", lambda: MissingLibrary(OSError("libgomp.so.1: no such file"))
    )
    warn_of_gaps(_settings(tmp_path, "demo"))
    said = capsys.readouterr().err
    assert said.startswith("sanset: LightGBM cannot be loaded (libgomp.so.1: no such file)")
    assert said.count("\n") == 1


def test_the_library_that_is_there_is_found() -> None:
    assert missing_library() is None


@pytest.mark.parametrize("files", [{"__init__.py": ""}, {}])
def test_what_cannot_be_loaded_is_missing(
    tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lightgbm" / "lib").mkdir(parents=True)
    (tmp_path / "lightgbm" / "lib" / "lib_lightgbm.so").write_text("no library")
    for name, text in files.items():
        (tmp_path / "lightgbm" / name).write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "lightgbm", raising=False)
    assert "Install OpenMP" in str(missing_library())
