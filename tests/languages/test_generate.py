"""From a copy of `proto/` alone, code is generated for every language, by protoc and by buf."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.clients_page import App, block

PROTOC = {
    "cpp": "gen/sanset/v1/order.pb.h",
    "csharp": "gen/Order.cs",
    "java": "gen/dev/sanset/v1/Order.java",
    "kotlin": "gen/dev/sanset/v1/OrderKt.kt",
    "objc": "gen/sanset/v1/Order.pbobjc.h",
    "php": "gen/Sanset/V1/Order.php",
    "pyi": "gen/sanset/v1/order_pb2.pyi",
    "python": "gen/sanset/v1/order_pb2.py",
    "ruby": "gen/sanset/v1/order_pb.rb",
}
"""What protoc generates by itself, and where the class of an order is then."""

MARKS = {
    "csharp": "namespace Sanset.V1",
    "java": "package dev.sanset.v1;",
    "kotlin": "package dev.sanset.v1;",
    "objc": "@interface SNSOrder ",
    "php": r"namespace Sanset\V1;",
}


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Somebody's project."""
    return App(tmp_path)


@pytest.mark.parametrize("language", PROTOC)
def test_protoc_generates(app: App, language: str) -> None:
    app.write("gen/.keep", "")
    said = app.bash(f"protoc -I proto --{language}_out=gen proto/sanset/v1/*.proto")
    assert said == ""
    assert MARKS.get(language, "") in (app.home / PROTOC[language]).read_text("utf-8")


def test_buf_builds_and_lints_the_folder_alone(app: App) -> None:
    assert app.bash("cd proto && buf build && buf lint") == ""


def test_java_and_kotlin_write_no_file_twice(app: App) -> None:
    app.write("gen/.keep", "")
    app.bash(
        "protoc -I proto --java_out=gen --kotlin_out=gen proto/sanset/v1/*.proto proto/buf/validate/validate.proto"
    )
    names = [path.relative_to(app.home).as_posix().lower() for path in app.files("gen/**/*")]
    assert len(set(names)) == len(names)  # nor one that some systems take for another


def test_python_imports_what_it_generated(app: App) -> None:
    app.bash(block("Python", "bash").partition("PYTHONPATH")[0])
    app.bash(
        "python -c 'import sanset.v1.order_service_pb2_grpc as made; print(made.__file__)'", PYTHONPATH="gen"
    )


def test_php_needs_no_rules_on_fields(app: App) -> None:
    # Where the plugin for services is missing, the messages are what matters.
    template = (app.home / "proto/buf.gen.php.yaml").read_text("utf-8")
    if shutil.which("grpc_php_plugin") is None:
        template = template.partition("  - local: grpc_php_plugin")[0]
    app.write("proto/buf.gen.php.yaml", template)
    app.bash(block("PHP", "bash"))
    made = app.files("gen/php/**/*.php")
    assert app.home / "gen/php/Google/Rpc/ErrorInfo.php" in made
    assert not [path for path in made if "Buf" in path.read_text("utf-8")]


@pytest.mark.skipif(
    not shutil.which("protoc-gen-go-grpc"), reason="protoc-gen-go and protoc-gen-go-grpc are missing"
)
def test_buf_generates_go(app: App) -> None:
    app.bash(block("Go", "bash"))
    made = app.files("gen/go/**/*.go")
    assert app.home / "gen/go/sanset/v1/order_service_grpc.pb.go" in made
    assert not [path for path in made if "buf.build" in path.read_text("utf-8")]
