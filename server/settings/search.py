"""Settings of the search."""

from __future__ import annotations

from pydantic import Field

from server.settings.group import Group


class SearchSettings(Group):
    """What a search goes by beside words."""

    embedding_model: str = Field(
        "",
        description="The sentence model by which searches find what means the same: a directory with model.onnx "
        "and tokenizer.json, or a name that fastembed knows; empty: none",
    )
