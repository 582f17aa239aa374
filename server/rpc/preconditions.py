"""If-Match: the etag that a change expects, sent as a header in place of a field."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from server.contract import ETAG, METHODS, is_read, native_path, resource_of_update
from server.errors import InvalidField
from server.rpc.call import IF_MATCH

_ENTITY_TAG: Final = re.compile(r'"([\x21\x23-\x7e]{1,64})"')
_READS: Final = frozenset(native_path(method) for method in METHODS if is_read(method))


def expect_etag(method: str, request: Message, if_match: str) -> None:
    """Put the etag of an If-Match header into the request of `method`, a path of gRPC; reads have no use for it.

    Any etag ("*") is no condition: what does not exist cannot be changed anyway. Raises InvalidField when the
    request has no place for an etag, or another one in it.
    """
    if if_match == "*" or method in _READS:
        return
    match = _ENTITY_TAG.fullmatch(if_match)
    if match is None:
        raise InvalidField((IF_MATCH, "must be one etag of a resource in quotes, and no weak one, or *"))
    path = _path_of_etag(request.DESCRIPTOR)
    if path is None:
        raise InvalidField((IF_MATCH, "cannot be sent with this call: what it changes has no etag"))
    owner = getattr(request, path) if path else request
    if getattr(owner, ETAG) not in ("", match[1]):
        raise InvalidField((IF_MATCH, "must be the etag that the request holds, where both are sent"))
    setattr(owner, ETAG, match[1])


@cache
def _path_of_etag(request: Descriptor) -> str | None:
    """The field of the message that holds the etag, empty for the request itself; None when nothing does."""
    if ETAG in request.fields_by_name:
        return ""
    resource = resource_of_update(request)
    return resource.name if resource is not None and ETAG in resource.message.fields_by_name else None
