"""A client of an earlier release: it knows the contract from the image that was kept of it, and nothing later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import grpc
from golden.conversation import Call, Json
from google.protobuf import descriptor_pool, json_format
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_status import rpc_status

PACKAGE: Final = "sanset.v1"
PROSE: Final = frozenset({"message", "description", "localized_message"})
"""Keys whose sentences are for people, and no part of the promise."""

FOR_PEOPLE: Final = tuple(
    kind.DESCRIPTOR.full_name
    for kind in (
        error_details_pb2.RequestInfo,
        error_details_pb2.RetryInfo,
        error_details_pb2.LocalizedMessage,
        error_details_pb2.Help,
    )
)

_REFERENCE: Final = re.compile(r"\$\{([a-z_]+)\.([\w.]+)\}")


class OldClient:
    """Calls a server of today as a program did that was built when the image was new."""

    def __init__(self, image: FileDescriptorSet, channel: grpc.Channel) -> None:
        self._pool = DescriptorPool()
        for file in image.file:
            self._pool.Add(file)
        self._channel = channel
        self._replies: dict[str, Json] = {}

    def play(self, calls: Iterable[Call]) -> Iterator[dict[str, Json]]:
        """Make the calls one after the other; yield the answers."""
        for call in calls:
            answer = self._answer(call)
            if call.name:
                assert "reply" in answer, f"{call.method} as {call.name!r}: {answer}"
                self._replies[call.name] = answer["reply"]
            yield answer

    def _answer(self, call: Call) -> dict[str, Json]:
        method = self._pool.FindMethodByName(f"{PACKAGE}.{call.method}")
        try:
            return self._send(call, method)
        except grpc.RpcError as error:
            return {"error": self._error(error)}

    def _send(self, call: Call, method: MethodDescriptor) -> dict[str, Json]:
        request = json_format.ParseDict(
            self._filled(call.request), GetMessageClass(method.input_type)(), descriptor_pool=self._pool
        )
        open_rpc = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        rpc = open_rpc(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        reply = rpc(request, metadata=self._metadata(call), timeout=30)
        if not method.server_streaming:
            return {"reply": self._json(reply)}
        messages = [self._json(message) for message in islice(reply, call.take or None)]
        reply.cancel()
        return {"replies": messages}

    def _metadata(self, call: Call) -> list[tuple[str, str]]:
        sent = [(key, str(self._filled(value))) for key, value in call.metadata.items()]
        if call.account:
            sent.append(("authorization", f"Bearer {self._look_up(call.account, 'access_token')}"))
        return sent

    def _filled(self, value: Json) -> Json:
        """Put the replies in where they are referred to."""
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self._look_up(*reference.groups()) if reference else value

    def _look_up(self, name: str, path: str) -> Json:
        value = self._replies[name]
        for key in path.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]  # type: ignore[call-overload, index]
        return value

    def _json(self, message: Message) -> dict[str, Json]:
        return json_format.MessageToDict(
            message, preserving_proto_field_name=True, descriptor_pool=self._pool
        )

    def _error(self, error: grpc.RpcError) -> dict[str, Json]:
        status = rpc_status.from_call(error)
        assert status is not None, error
        details = [detail for detail in status.details if detail.TypeName() not in FOR_PEOPLE]
        return {"code": error.code().name, "details": [self._detail(detail) for detail in details]}

    def _detail(self, packed: Any) -> dict[str, Json]:
        ours = packed.TypeName().startswith(f"{PACKAGE}.")
        pool = self._pool if ours else descriptor_pool.Default()
        kind = GetMessageClass(pool.FindMessageTypeByName(packed.TypeName()))
        text = json_format.MessageToDict(
            kind.FromString(packed.value), preserving_proto_field_name=True, descriptor_pool=pool
        )
        return {"type": packed.TypeName(), **_without_prose(text)}


def _without_prose(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_prose(inner) for key, inner in value.items() if key not in PROSE}
    return [_without_prose(inner) for inner in value] if isinstance(value, list) else value
