"""Generates what stands in `generated/` from the protos, and the methods of the Python client.

`generate.py DIRECTORY METHODS` writes everything to DIRECTORY, and the methods to the directory METHODS.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc_tools
from client_methods import ClientMethods
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc
from openapi import openapi_document, postman_collection
from service_config import service_config

PROTO = Path(__file__).parent
PATHS = (PROTO, Path(grpc_tools.__file__).parent / "_proto")
GOOGLE_STUBS = "google-stubs"
UNTYPED = "from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n"
VALIDATE = "buf/validate/validate.proto"
STATUS = "google/rpc/status.proto"
ERROR_DETAILS = "google/rpc/error_details.proto"
"""What no file of ours imports, and errors consist of."""
UNUSED = {"RequestInfo": {"serving_data"}}
"""Fields of these that no error of the shop has: the gateway would show them empty."""


def generate(target: Path, methods: Path) -> None:
    """Write the generated files under `target`, replacing what is there, and the Python client's `methods`."""
    for package in ("sanset", "buf", GOOGLE_STUBS):
        shutil.rmtree(target / package, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    _write_python(target)
    _write_google_stubs(target / GOOGLE_STUBS)
    image = _image(target / "sanset.binpb")
    _write_lean(image, target / "sanset/sanset.binpb")
    openapi = openapi_document(image.SerializeToString())
    (target / "sanset/openapi.json").write_text(openapi, encoding="utf-8")
    (target / "postman.json").write_text(postman_collection(openapi), encoding="utf-8")
    (target / "sanset/service_config.json").write_text(service_config(image), encoding="utf-8")
    _write_methods(image, methods)


def _write_python(target: Path) -> None:
    """Write the modules and stubs of our files, and those of the rules that they import."""
    python = (f"--python_out={target}", f"--mypy_out=quiet:{target}")
    _protoc(*python, VALIDATE)
    _protoc(*python, f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *_ours())
    for package in ("sanset", "sanset/v1", "buf", "buf/validate"):
        (target / package / "__init__.py").touch()
        (target / package / "py.typed").touch()


def _write_google_stubs(target: Path) -> None:
    """Write types of Google's messages that ours hold, whose own package has no mark that it is typed.

    What else Google's packages have is found as before, without types.
    """
    with TemporaryDirectory() as scratch:
        _protoc(f"--mypy_out=quiet:{scratch}", *_names("google/**/*.proto"))
        shutil.copytree(Path(scratch, "google"), target)
    for package in target.iterdir():
        (package / "__init__.pyi").write_text(UNTYPED, encoding="utf-8")
    (target / "py.typed").write_text("partial\n", encoding="utf-8")


def _image(target: Path) -> FileDescriptorSet:
    """Write and return our files with their comments and all that they import, for code generators."""
    output = (f"--descriptor_set_out={target}", "--include_imports", "--include_source_info")
    _protoc(*output, *_ours(), ERROR_DETAILS)
    image = FileDescriptorSet.FromString(target.read_bytes())
    for file in image.file:
        if not file.name.startswith("sanset/"):
            file.ClearField("source_code_info")  # four times the rest, and known to who uses these files
    target.write_bytes(image.SerializeToString(deterministic=True))
    return image


def _write_lean(image: FileDescriptorSet, target: Path) -> None:
    """Write the image without comments, which Envoy reads for each of its threads.

    In it a status has the name of its code, too, so that the JSON of an error shows it: see server/rpc/status.py.
    """
    lean = FileDescriptorSet()
    lean.CopyFrom(image)
    for file in lean.file:
        file.ClearField("source_code_info")
        if file.name == STATUS:
            name = {"type": "TYPE_STRING", "label": "LABEL_OPTIONAL", "json_name": "status"}
            file.message_type[0].field.add(name="status", number=4, **name)
        if file.name == ERROR_DETAILS:
            for message in file.message_type:
                for field in [each for each in message.field if each.name in UNUSED.get(message.name, ())]:
                    message.field.remove(field)
    target.write_bytes(lean.SerializeToString(deterministic=True))


def _write_methods(image: FileDescriptorSet, target: Path) -> None:
    """Write the modules of the Python client's methods, replacing what is there."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, text in ClientMethods(image).modules():
        (target / name).write_text(text, encoding="utf-8")


def _ours() -> list[str]:
    return _names("sanset/v1/*.proto")


def _names(pattern: str) -> list[str]:
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.glob(pattern))


def _protoc(*arguments: str) -> None:
    if protoc.main(["protoc", *(f"--proto_path={path}" for path in PATHS), *arguments]) != 0:
        sys.exit("protoc failed; see the lines above")


if __name__ == "__main__":
    generate(Path(sys.argv[1]), Path(sys.argv[2]))
