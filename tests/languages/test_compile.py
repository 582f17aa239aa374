"""The page docs/clients.md and the examples, done with the compilers that are there: `make languages`.

`.ci/compilers` lists the packages of Debian that have them, besides Node.
"""

from __future__ import annotations

import os
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
MOVES = ("PROCESSING", "SHIPPED", "DELIVERED")
WALK = """\
the same again: true, paid by CARD
step 1 PENDING_PAYMENT
step 2 CONFIRMED
step 3 PROCESSING
step 4 SHIPPED
step 5 DELIVERED
end DELIVERED
refused QUANTITY_ABOVE_LIMIT
"""
"""What an example says of its purchase, after the order's id."""

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


def _walk(process: subprocess.Popen[str], shop: Stack) -> None:
    """Let an example buy something, and deliver what it ordered."""
    assert process.stdout is not None
    with process:
        order = process.stdout.readline().split()
        said = [process.stdout.readline() for _ in range(3)]  # the stream has begun
        if order[:1] == ["order"]:
            for status in MOVES:
                shop.move(order[1], status)
        rest = process.stdout.read()
    assert "".join([*said, rest]) == WALK, order


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
    sources = [app.example("Walk.java"), *app.files("gen/**/*.java")]
    app.run("javac", "-nowarn", "-proc:none", "-d", "made", "-cp", path, "First.java", *sources)
    assert "Teapot" in app.run("java", "-cp", f"made:{path}", "First")
    _walk(app.start("java", "-cp", f"made:{path}", "Walk", shop.native), shop)


def test_go(app: App, shop: Stack) -> None:
    _needs("go", "protoc-gen-go", "protoc-gen-go-grpc")
    if not (GO_SOURCES / "src/google.golang.org/grpc").exists():
        pytest.skip("not installed: gRPC for Go")
    app.bash(block("Go", "bash"))
    module = app.home / "src/example.com/app"
    module.mkdir(parents=True)
    (app.home / "gen").rename(module / "gen")
    app.write("src/example.com/app/first/main.go", _for_debian(block("Go", "go")), shop.native)
    app.write("src/example.com/app/walk/main.go", _for_debian(app.example("walk.go").read_text("utf-8")))
    of_debian = {"GO111MODULE": "off", "GOPATH": f"{app.home}:{GO_SOURCES}", "GOFLAGS": ""}
    assert "Teapot" in app.run("go", "run", "example.com/app/first", **of_debian)
    app.run("go", "build", "-o", "walk", "example.com/app/walk", **of_debian)
    _walk(app.start("./walk", shop.native), shop)


def _for_debian(program: str) -> str:
    for new, old in GO_OF_DEBIAN.items():
        program = program.replace(new, old)
    return program


def test_ruby(app: App, shop: Stack) -> None:
    _needs("ruby", "grpc_tools_ruby_protoc")
    _needs_success("ruby", "-e", "require 'grpc'; require 'google/type/money_pb'")
    app.write("first.rb", block("Ruby", "ruby"), shop.native)
    assert "Teapot" in app.bash(block("Ruby", "bash"))
    _walk(app.start("ruby", "-I", "gen", app.example("walk.rb"), shop.native), shop)


def test_cpp(app: App, shop: Stack) -> None:
    _needs("g++", "protoc", "grpc_cpp_plugin", "pkg-config", "xargs")
    _needs_success("pkg-config", "--exists", "grpc++", "protobuf")
    commands, _, _ = block("C++", "bash").partition("g++")
    app.bash(commands, PATH=DEBIAN)
    app.write("first.cc", block("C++", "cpp"), shop.native)
    app.example("walk.cc")
    # What the page's last command does, on every processor.
    compilers = f"xargs -P {os.cpu_count()} -I{{}} g++ -std=c++17 -O0 -I gen -c {{}} -o {{}}.o"
    app.bash(f"find first.cc walk.cc gen -name '*.cc' | {compilers}")
    libraries = "$(find gen -name '*.o') $(pkg-config --libs grpc++ protobuf) -labsl_synchronization"
    app.bash(f"g++ -o first first.cc.o {libraries}; g++ -o walk walk.cc.o {libraries}")
    assert "Teapot" in app.run("./first")
    _walk(app.start("./walk", shop.native), shop)
