"""Generates what stands in `generated/` from the protos, and the methods of the Python client.

`generate.py DIRECTORY METHODS` writes code, stubs and the descriptor set, and the methods to the file METHODS;
`generate.py --image FILE` writes the protos with their comments as an image that buf can lint and compare.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from client_methods import ClientMethods
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

PROTO = Path(__file__).parent
VALIDATE = "buf/validate/validate.proto"
ERROR_DETAILS = ["google/rpc/error_details.proto", "google/rpc/status.proto"]
IMPORTED = [
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/api/httpbody.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/struct.proto",
    "google/type/money.proto",
    *ERROR_DETAILS,
]


def generate(target: Path) -> None:
    """Write the Python code and `sanset/sanset.binpb` under `target`, replacing what is there."""
    for package in ("sanset", "buf"):
        shutil.rmtree(target / package, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        sources = _sources(Path(scratch))
        python = [f"--python_out={target}", f"--mypy_out=quiet:{target}"]
        _protoc(*sources, *python, VALIDATE)
        _protoc(*sources, *python, f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *_ours())
        # Envoy renders a rich error only when it knows the types of its details.
        binary = f"--descriptor_set_out={target}/sanset/sanset.binpb"
        _protoc(*sources, "--include_imports", binary, *_ours(), *ERROR_DETAILS)
    for package in ("sanset", "sanset/v1", "buf", "buf/validate"):
        (target / package / "__init__.py").touch()
        (target / package / "py.typed").touch()


def write_client_methods(target: Path) -> None:
    """Write the methods of the Python client."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        describe(image)
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())
    target.write_text(ClientMethods(descriptors).text(), encoding="utf-8")


def describe(image: Path) -> None:
    """Write our files, with their comments, and all they import to `image`."""
    with tempfile.TemporaryDirectory() as scratch:
        output = [f"--descriptor_set_out={image}", "--include_imports", "--include_source_info"]
        _protoc(*_sources(Path(scratch)), *output, *_ours())


def _ours() -> list[str]:
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("sanset/v1/*.proto"))


def _sources(scratch: Path) -> list[str]:
    """protoc's arguments for finding every proto: ours as files, the others in descriptor sets."""
    validate, google = scratch / "validate.binpb", scratch / "google.binpb"
    validate.write_bytes(_validate_descriptors())
    common = Path(annotations_pb2.__file__).parents[2]
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    paths = [f"--proto_path={common}", f"--proto_path={well_known}"]
    _protoc(*paths, "--include_imports", f"--descriptor_set_out={google}", *IMPORTED)
    return [f"--proto_path={PROTO}", f"--descriptor_set_in={google}:{validate}"]


def _validate_descriptors() -> bytes:
    """protovalidate's own proto and its imports; the wheel carries it only as a descriptor."""
    descriptors = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
        module.DESCRIPTOR.CopyToProto(descriptors.file.add())
    descriptors.file.append(
        descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    )
    return descriptors.SerializeToString()


def _protoc(*arguments: str) -> None:
    if protoc.main(["protoc", *arguments]) != 0:
        sys.exit("protoc failed; see the lines above")


if __name__ == "__main__":
    if sys.argv[1] == "--image":
        describe(Path(sys.argv[2]))
    else:
        generate(Path(sys.argv[1]))
        write_client_methods(Path(sys.argv[2]))
