"""Turns refusals into what leaves the server: a canonical code, a sentence, and google.rpc details."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from typing import Final, NamedTuple

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from server.errors import InvalidField, LineRefusal, Refusal
from server.rpc.error_details import typed_detail
from server.text.languages import ENGLISH, refusal_said_in, spoken, translated

DOMAIN = "sanset"
DETAILS_KEY = "grpc-status-details-bin"
MAX_MESSAGE = 1000
MAX_FACT = 200
MAX_LOCALIZED = 500
_CODES = {code.name: code for code in grpc.StatusCode}
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
_REQUEST_INFO: Final = f"type.googleapis.com/{error_details_pb2.RequestInfo.DESCRIPTOR.full_name}"

MAX_MADE: Final = 1000
"""How many statuses are at hand, of a few hundred bytes each."""
MAX_MADE_FACTS: Final = 1000
"""Characters of their facts. Longer ones hold what a caller wrote, of which a thousand would take megabytes."""
_made: Final[dict[Hashable, SentStatus]] = {}

MAX_VIOLATIONS = 3000
"""Bytes, as headers carry them. All together keep a rich error within the 8 KiB that clients accept."""


class InternalError(Refusal):
    """A fault of ours. The text tells nothing but where to look."""

    code = "INTERNAL"
    message = "Something went wrong on our side. It is logged under the request id {request_id}."
    prose = ("request_id",)


class MethodUnknown(Refusal):
    """The path names no method; over HTTP the gateway answers such a path with 404, or 405."""

    code = "UNIMPLEMENTED"
    message = "There is no method {method}. The API's methods are listed at /docs of the HTTP port."


_NAME_TAG = b"\x22"
"""Of field 4, a string: the gateway's image has it in google.rpc.Status (proto/generate.py)."""


class SentStatus(NamedTuple):
    """The status of a refusal as it is sent; the request id stands between the parts of the details."""

    message: str
    before: bytes
    after: bytes

    def details(self, request_id: str) -> bytes:
        """The google.rpc.Status of one call, with the name of its code: see `encoded`."""
        return b"".join((self.before, _request_info(request_id), self.after))


def sent_status(refusal: Refusal) -> SentStatus:
    """The status of a refusal in the language that is spoken; of equal ones it is made once."""
    facts = repr(refusal.values)
    if isinstance(refusal, LineRefusal) or len(facts) > MAX_MADE_FACTS:
        return _status_of(refusal)
    key = (
        type(refusal),
        facts,
        tuple(refusal.violations),
        refusal.retry_after_seconds,
        spoken(),
    )
    status = _made.get(key)
    if status is None:
        status = _made[key] = _status_of(refusal)
        if len(_made) > MAX_MADE:
            del _made[next(iter(_made))]
    return status


def _status_of(refusal: Refusal) -> SentStatus:
    status = rich_status(refusal, "")
    info, _, *others = status.details
    before = status_pb2.Status(code=status.code, message=status.message, details=[info])
    after = status_pb2.Status(details=others).SerializeToString() + _name_of(status.code)
    return SentStatus(status.message, before.SerializeToString(), after)


def _request_info(request_id: str) -> bytes:
    info = error_details_pb2.RequestInfo(request_id=request_id).SerializeToString()
    detail = AnyMessage(type_url=_REQUEST_INFO, value=info)
    return status_pb2.Status(details=[detail]).SerializeToString()


def encoded(status: status_pb2.Status) -> bytes:
    """A status as it is sent, with the name of its code, which others skip and the gateway prints in JSON."""
    return status.SerializeToString() + _name_of(status.code)


def _name_of(code: int) -> bytes:
    name = _NAMES[code].encode()
    return b"".join((_NAME_TAG, bytes([len(name)]), name))


def code_of(refusal: Refusal) -> grpc.StatusCode:
    """gRPC's code of a refusal."""
    return _CODES[refusal.code]


def rich_status(refusal: Refusal, request_id: str) -> status_pb2.Status:
    """The google.rpc.Status of a refusal, with ErrorInfo, RequestInfo, and what else its facts are."""
    facts = {name: _cut(value, MAX_FACT) for name, value in refusal.facts.items()}
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=facts)
    details: list[Message] = [info, error_details_pb2.RequestInfo(request_id=request_id)]
    language = spoken()
    if refusal.violations:
        details.append(_bad_request(refusal, language))
    if (detail := typed_detail(refusal)) is not None:
        details.append(detail)
    if language != ENGLISH:
        details.append(_localized(_sentence(refusal, language), language))
    if refusal.retry_after_seconds is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromTimedelta(timedelta(seconds=refusal.retry_after_seconds))
        details.append(retry)
    status = status_pb2.Status(code=code_of(refusal).value[0], message=_cut(str(refusal), MAX_MESSAGE))
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _bad_request(refusal: Refusal, language: str) -> error_details_pb2.BadRequest:
    bad_request = error_details_pb2.BadRequest()
    for field, description, reason in refusal.violations:
        text = _cut(description, MAX_FACT)
        violation = bad_request.field_violations.add(field=field, description=text, reason=reason)
        if (sentence := translated(description, language)) != description:
            violation.localized_message.CopyFrom(_localized(sentence, language))
        if bad_request.ByteSize() > MAX_VIOLATIONS:
            del bad_request.field_violations[-1]
            break
    return bad_request


def _sentence(refusal: Refusal, language: str) -> str:
    """What people read of a refusal in a language; of one of fields, each of them."""
    if not isinstance(refusal, InvalidField):
        return refusal_said_in(refusal, language)
    fields = (f"{field}: {translated(text, language)}" for field, text, _ in refusal.violations)
    return "; ".join(fields)


def _localized(sentence: str, language: str) -> error_details_pb2.LocalizedMessage:
    return error_details_pb2.LocalizedMessage(locale=language, message=_cut(sentence, MAX_LOCALIZED))


def _cut(text: str, most: int) -> str:
    """The beginning of `text` that fits `most` bytes once all but plain characters are escaped (%F0%9F…)."""
    if text.isascii() and text.isprintable():
        return text[:most]
    length = 0
    for index, character in enumerate(text):
        plain = character.isascii() and character.isprintable()
        length += 1 if plain else 3 * len(character.encode())
        if length > most:
            return text[:index]
    return text
