"""The commands and programs of docs/clients.md, done with the compilers that are there: `make languages`.

`.ci/compilers` lists the packages of Debian that have them, besides Node.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.clients_page import App, block
from support.real_stack import Stack, stack_of

pytestmark = pytest.mark.compilers

DEBIAN = "/usr/local/bin:/usr/bin:/bin"
"""Where protoc is the one that Debian's libraries for Java and C++ belong to; that of the wheel is newer."""

JARS = Path("/usr/share/java")
NEEDED_JARS = ("grpc-", "protobuf", "guava", "netty-", "perfmark-", "geronimo-", "failureaccess")
GO_SOURCES = Path("/usr/share/gocode")
GO_OF_DEBIAN = {
    "grpc.WithTransportCredentials(insecure.NewCredentials())": "grpc.WithInsecure()",
    '\t"google.golang.org/grpc/credentials/insecure"\n': "",
}
"""What its gRPC is too old for."""

NPM = (
    "@bufbuild/buf@1.75",
    "@bufbuild/protobuf@2",
    "@bufbuild/protoc-gen-es@2",
    "@connectrpc/connect@2.2",
    "@connectrpc/connect-node@2.2",
    "@types/node@22",
    "typescript@5",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop that sells something."""
    with stack_of(tmp_path_factory.mktemp("shop"), workers=1) as stack:
        stack.product(name="Teapot")
        yield stack


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Somebody's project."""
    return App(tmp_path)


def _needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def _needs_success(*command: str) -> None:
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"does not succeed here: {' '.join(command)}")


def test_python(app: App, shop: Stack) -> None:
    app.write("first.py", block("Python", "python"), shop.native)
    assert "Teapot" in app.bash(block("Python", "bash"))


def test_typescript(app: App, shop: Stack) -> None:
    _needs("node", "npm")
    app.write("package.json", '{"private": true, "type": "module"}')
    _needs_success("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(app.home), *NPM)
    app.bash(block("TypeScript: Node and browsers", "bash"))
    app.write("first.ts", block("TypeScript: Node and browsers", "ts"), shop.native)
    app.bash(
        "npx tsc --strict --target es2022 --module nodenext --skipLibCheck --types node --outDir made first.ts"
    )
    assert app.bash("node made/first.js").splitlines()[1:] == ["Unauthenticated INVALID_CREDENTIALS"]


def test_java(app: App, shop: Stack) -> None:
    _needs("protoc", "javac", "grpc_java_plugin")
    jars = [jar for jar in JARS.glob("*.jar") if jar.name.startswith(NEEDED_JARS)]
    if not any(jar.name == "grpc-netty.jar" for jar in jars):
        pytest.skip("not installed: gRPC for Java")
    path = ":".join(map(str, jars))
    # Debian's gRPC lacks Google's types, which Maven's brings.
    app.bash(block("Java and Kotlin", "bash").rstrip() + " proto/google/*/*.proto", PATH=DEBIAN)
    app.write("First.java", block("Java and Kotlin", "java"), shop.native)
    sources = app.files("gen/**/*.java")
    app.run("javac", "-nowarn", "-proc:none", "-d", "made", "-cp", path, "First.java", *sources)
    assert "Teapot" in app.run("java", "-cp", f"made:{path}", "First")


def test_go(app: App, shop: Stack) -> None:
    _needs("go", "protoc-gen-go", "protoc-gen-go-grpc")
    if not (GO_SOURCES / "src/google.golang.org/grpc").exists():
        pytest.skip("not installed: gRPC for Go")
    app.bash(block("Go", "bash"))
    module = app.home / "src/example.com/app"
    module.mkdir(parents=True)
    (app.home / "gen").rename(module / "gen")
    program = block("Go", "go")
    for new, old in GO_OF_DEBIAN.items():
        program = program.replace(new, old)
    app.write("src/example.com/app/main.go", program, shop.native)
    path = f"{app.home}:{GO_SOURCES}"
    assert "Teapot" in app.run("go", "run", "example.com/app", GO111MODULE="off", GOPATH=path, GOFLAGS="")


def test_ruby(app: App, shop: Stack) -> None:
    _needs("ruby", "grpc_tools_ruby_protoc")
    _needs_success("ruby", "-e", "require 'grpc'; require 'google/type/money_pb'")
    app.write("first.rb", block("Ruby", "ruby"), shop.native)
    assert "Teapot" in app.bash(block("Ruby", "bash"))


def test_cpp(app: App) -> None:
    _needs("g++", "protoc", "grpc_cpp_plugin", "pkg-config")
    _needs_success("pkg-config", "--exists", "grpc++", "protobuf")
    commands, _, _ = block("C++", "bash").partition("g++")
    app.bash(commands, PATH=DEBIAN)
    headers = [path.relative_to(app.home / "gen") for path in app.files("gen/sanset/**/*.grpc.pb.h")]
    everything = "".join(f'#include "{header}"\n' for header in headers)
    app.write("first.cc", everything + block("C++", "cpp"))
    app.run("g++", "-std=c++17", "-fsyntax-only", "-I", "gen", "first.cc")
