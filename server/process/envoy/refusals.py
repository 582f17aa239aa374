"""A refusal of Envoy's own as a mapper of its configuration: in one language, for those who like it best."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from google.rpc import code_pb2, error_details_pb2, status_pb2

from server.text.languages import ENGLISH, Sentence, languages

Json: TypeAlias = dict[str, Any]
"""A part of Envoy's configuration."""

TYPES: Final = "type.googleapis.com/"
_DOMAIN: Final = "sanset"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRefusal:
    """A refusal of Envoy's own: when it is given, and what it says.

    `http_status` and `grpc_status` replace Envoy's where they are set. `made_id` is for what is refused before the
    request's id is read.
    """

    when: Json
    code: int
    reason: str
    sentence: Sentence
    is_native: bool = False
    retry_seconds: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    http_status: int = 0
    grpc_status: int = 0
    made_id: bool = False

    def mapper(self, language: str) -> Json:
        """It in a language, for callers who name that first of those that there are."""
        when = self.when if language == ENGLISH else all_of(self.when, *prefers(language))
        mapper: Json = {"filter": when, "headers_to_add": [*self._headers(language)]}
        if self.http_status:
            mapper["status_code"] = self.http_status
        mapper["body_format_override"] = (
            text(self.sentence.said_in(ENGLISH))
            if self.is_native
            else {"json_format": self._status(language)}
        )
        return mapper

    def _headers(self, language: str) -> Iterator[Json]:
        if self.is_native:
            if self.grpc_status:
                yield _header("grpc-status", str(self.grpc_status))
                yield _header("x-sanset-grpc-status", str(self.grpc_status))
            yield _header("grpc-status-details-bin", self._rich_status(language))
        elif self.retry_seconds:
            yield _header("retry-after", str(self.retry_seconds))
        if self.made_id:
            yield {**_header("x-request-id", "%UNIQUE_ID%"), "append_action": "ADD_IF_ABSENT"}

    def _status(self, language: str) -> Json:
        info = {"@type": TYPES + "google.rpc.ErrorInfo", "reason": self.reason, "domain": _DOMAIN}
        details: list[Json] = [info | ({"metadata": dict(self.metadata)} if self.metadata else {})]
        if not self.made_id:
            details.append({"@type": TYPES + "google.rpc.RequestInfo", "request_id": "%REQ(X-REQUEST-ID)%"})
        if self.retry_seconds:
            details.append({"@type": TYPES + "google.rpc.RetryInfo", "retry_delay": f"{self.retry_seconds}s"})
        if language != ENGLISH:
            message = self.sentence.said_in(language)
            localized = {"@type": TYPES + "google.rpc.LocalizedMessage", "locale": language}
            details.append({**localized, "message": message})
        name = code_pb2.Code.Name(self.code)
        message = self.sentence.said_in(ENGLISH)
        return {"code": self.code, "status": name, "message": message, "details": details}

    def _rich_status(self, language: str) -> str:
        """The status of a native call in base64."""
        status = status_pb2.Status(code=self.code, message=self.sentence.said_in(ENGLISH))
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason=self.reason, domain=_DOMAIN))
        if language != ENGLISH:
            message = self.sentence.said_in(language)
            status.details.add().Pack(error_details_pb2.LocalizedMessage(locale=language, message=message))
        if self.retry_seconds:
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromSeconds(self.retry_seconds)
            status.details.add().Pack(retry)
        return base64.b64encode(status.SerializeToString()).decode().rstrip("=")


def prefers(language: str) -> Iterator[Json]:
    """Filters for the header accept-language: it names the language, and no other that there is before it.

    The first one named counts, as browsers order them; of the weights only 0, which leaves a language out. The
    server and the script go by the weights: "en;q=0.3, de;q=0.9" gets German there, and English here.
    """
    entry = _entry(language)
    yield _accepts(rf"{_BEFORE}{entry}{_AFTER}")
    for other in sorted(languages() - {language}):
        before = _accepts(rf"{_BEFORE}{_entry(other)},{_BEFORE}{entry}{_AFTER}")
        yield {"header_filter": {"header": {**before["header_filter"]["header"], "invert_match": True}}}


_BEFORE: Final = r"(?:.*,)?\s*"
_AFTER: Final = r"(?:,.*)?"


def _entry(language: str) -> str:
    return rf"{language}(?:-[^,;]*)?\s*(?:;\s*q=(?:1|0?\.\d*[1-9])[^,]*)?"


def _accepts(expression: str) -> Json:
    match = {"safe_regex": {"regex": f"(?i){expression}"}}
    return {"header_filter": {"header": {"name": "accept-language", "string_match": match}}}


def all_of(*filters: Json) -> Json:
    return {"and_filter": {"filters": list(filters)}}


def http(status: int) -> Json:
    return {
        "status_code_filter": {"comparison": {"value": {"default_value": status, "runtime_key": "unused"}}}
    }


def cel(expression: str) -> Json:
    name = "envoy.access_loggers.extension_filters.cel"
    kind = TYPES + "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    return {"extension_filter": {"name": name, "typed_config": {"@type": kind, "expression": expression}}}


def _header(key: str, value: str) -> Json:
    return {"header": {"key": key, "value": value}}


def text(content: str) -> Json:
    return {"text_format_source": {"inline_string": content}}
