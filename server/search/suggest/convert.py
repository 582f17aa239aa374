"""Between completions and their protobuf messages."""

from __future__ import annotations

from typing import Final

from sanset.v1 import search_pb2 as pb

from server.search.suggest.completion import Completion, CompletionKind

_KINDS: Final = {
    CompletionKind.PRODUCT: pb.Suggestion.PRODUCT,
    CompletionKind.CATEGORY: pb.Suggestion.CATEGORY,
    CompletionKind.BRAND: pb.Suggestion.BRAND,
    CompletionKind.QUERY: pb.Suggestion.QUERY,
}


def suggestion_to_wire(completion: Completion) -> pb.Suggestion:
    """A completion."""
    return pb.Suggestion(
        text=completion.text,
        kind=_KINDS[completion.kind],
        product_id=completion.id if completion.kind is CompletionKind.PRODUCT else 0,
        category_id=completion.id if completion.kind is CompletionKind.CATEGORY else 0,
    )
