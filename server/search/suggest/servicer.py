"""The call of SearchService that completes what people type."""

from __future__ import annotations

from collections.abc import Mapping

from sanset.v1 import search_pb2 as pb

from server.rpc.call import Call
from server.search.suggest.convert import suggestion_to_wire
from server.search.suggest.suggestions import Suggestions
from server.text.shop_languages import ShopLanguages


class SuggestCalls:
    """Translates suggestions."""

    def __init__(self, suggestions: Mapping[str, Suggestions], languages: ShopLanguages) -> None:
        """`suggestions` are those of each language of the shop."""
        self._suggestions = suggestions
        self._languages = languages

    async def suggest(self, request: pb.SuggestRequest, call: Call) -> pb.SuggestResponse:
        """Suggest."""
        language = self._languages.of(request.language, call.headers.get("accept-language"))
        completions = await self._suggestions[language].suggest(request.q, request.limit)
        return pb.SuggestResponse(items=map(suggestion_to_wire, completions))
