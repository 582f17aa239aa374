"""Server reflection, by which command lines learn the contract: v1, and v1alpha for older ones."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pool import Default
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

V1 = "grpc.reflection.v1.ServerReflection"
"""The library knows v1alpha only; the messages of v1 are the same, byte by byte."""


class _Pool:
    """All descriptors. Command lines describe methods too, which the pool of protobuf does not find."""

    def __init__(self) -> None:
        self._pool = Default()

    def __getattr__(self, name: str) -> object:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:
        """The file that has a symbol; raises KeyError."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            service, _, method = symbol.rpartition(".")
            return self._pool.FindServiceByName(service).methods_by_name[method].containing_service.file


def add_reflection(server: grpc.aio.Server, services: Sequence[str]) -> None:
    """Let `server` describe `services`, and reflection itself."""
    servicer = reflection.aio.ReflectionServicer([*services, V1, reflection.SERVICE_NAME], pool=_Pool())
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_registered_method_handlers(V1, {"ServerReflectionInfo": handler})
