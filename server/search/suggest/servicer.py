"""The call of SearchService that completes what people type."""

from __future__ import annotations

from sanset.v1 import search_pb2 as pb

from server.rpc.call import Call
from server.search.suggest.convert import suggestion_to_wire
from server.search.suggest.suggestions import Suggestions


class SuggestCalls:
    """Translates suggestions."""

    def __init__(self, suggestions: Suggestions) -> None:
        self._suggestions = suggestions

    async def suggest(self, request: pb.SuggestRequest, call: Call) -> pb.SuggestResponse:
        """Suggest."""
        completions = await self._suggestions.suggest(request.q, request.limit)
        return pb.SuggestResponse(items=map(suggestion_to_wire, completions))
