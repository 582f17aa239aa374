"""The expressions by which the gateway tells calls apart, made from what the protos declare of each method."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from google.protobuf.descriptor import MethodDescriptor

from server.contract import (
    bindings_of,
    is_cacheable,
    is_export,
    is_immutable,
    is_public,
    is_read,
    is_report,
    is_search,
    is_upload,
    native_path,
)

_HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_PATH_VARIABLE = re.compile(r"\\\{[^{}]+\\\}")
"""A part of a path that the caller fills in, after `re.escape`."""


def expressions(methods: Sequence[MethodDescriptor]) -> dict[str, str]:
    """The values of `envoy.yaml` that follow from the methods: names of services, and regular expressions (RE2).

    Streams and exports have routes without a time limit, uploads one without a buffer, reads are repeated on
    another worker, and the limits of addresses tell calls with a token from those that need none, from the reports
    of machines, from searches, and from files, of which a page shows many.
    """
    exports = [method for method in methods if is_export(method)]
    streams = [method for method in methods if method.server_streaming and method not in exports]
    reads = [method for method in methods if is_read(method) and not method.server_streaming]
    reports = [method for method in methods if is_report(method)]
    uploads = [method for method in methods if is_upload(method)]
    files = [method for method in methods if is_immutable(method)]
    searches = [method for method in methods if is_search(method)]
    public = [method for method in methods if is_public(method) and method not in (*reports, *files)]
    values: dict[str, object] = {
        "SERVICES": list(dict.fromkeys(method.containing_service.full_name for method in methods)),
        "STREAM_PATHS": _http(streams),
        "STREAM_METHODS": _native(streams),
        "EXPORT_PATHS": _http(exports),
        "EXPORT_METHODS": _native(exports),
        "READ_METHODS": _native(reads),
        "CACHEABLE_PATHS": _http(method for method in reads if is_cacheable(method)),
        "UPLOAD_PATHS": _http(uploads),
        "UPLOAD_METHODS": _native(uploads),
        "FILE_PATHS": _http(files),
        "LIMITED_FILE_PATHS": _with_query(_http(files), _native(files)),
        "MACHINE_PATHS": _with_query(_http(reports), _native(reports), re.escape(_HEALTH_CHECK)),
        "SEARCH_PATHS": _with_query(_http(searches), _native(searches)),
        "PUBLIC_PATHS": _with_query(_http(public), _native(public)),
    }
    return {name: json.dumps(value) for name, value in values.items()}


def _native(methods: Iterable[MethodDescriptor]) -> str:
    """Matches the gRPC paths of `methods`, those of one service together."""
    services = groupby(sorted(methods, key=native_path), key=lambda method: method.containing_service)
    return _any_of(
        f"/{re.escape(service.full_name)}/{_any_of(method.name for method in group)}"
        for service, group in services
    )


def _http(methods: Iterable[MethodDescriptor]) -> str:
    """Matches the HTTP paths of `methods`, with a slash at the end or without."""
    paths = {binding.path: None for method in methods for binding in bindings_of(method)}
    return _any_of(_PATH_VARIABLE.sub("[^/]+", re.escape(path)) for path in paths) + "/?"


def _with_query(*paths: str) -> str:
    """Matches what Envoy calls `:path`, which ends with the query."""
    return _any_of(paths) + r"(?:\?.*)?"


def _any_of(expressions: Iterable[str]) -> str:
    choices = "|".join(expressions)
    return f"(?:{choices})" if "|" in choices else choices
