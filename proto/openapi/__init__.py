"""Writes the HTTP side of the contract as OpenAPI 3.1, from the descriptors of the protos."""

from __future__ import annotations

import json

from openapi.contract import Contract
from openapi.document import document
from openapi.postman import postman_collection

__all__ = ["openapi_document", "postman_collection"]


def openapi_document(image: bytes) -> str:
    """Return the document as JSON; `image` is a FileDescriptorSet with the comments of our files."""
    return json.dumps(document(Contract(image)), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
