"""Between the synonyms' protobuf messages and plain values."""

from __future__ import annotations

from typing import Any

from sanset.v1 import search_admin_pb2 as pb

from server.rpc.updates import masked_values
from server.rpc.wire import time_to_wire
from server.search.synonyms.queries import SynonymRule


def changes_from_wire(request: pb.UpdateSynonymRequest) -> dict[str, Any]:
    """What UpdateSynonym changes. Raises InvalidUpdateMask."""
    return masked_values(
        request.synonym, request.update_mask, "synonym", terms=lambda synonym: list(synonym.terms)
    )


def synonym_to_wire(synonym: SynonymRule) -> pb.Synonym:
    """A synonym."""
    return pb.Synonym(
        id=synonym.id,
        input=synonym.input,
        terms=synonym.terms,
        create_time=time_to_wire(synonym.created_at),
        update_time=time_to_wire(synonym.updated_at),
        etag=synonym.etag,
    )
