"""Settings of lists."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from server.settings.group import Group


class PageSettings(Group):
    """Sizes of pages."""

    default_page_size: int = Field(20, ge=1, le=1000, description="Items on a page where none are asked for")
    max_page_size: int = Field(100, ge=1, le=1000, description="The most items on a page")

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        if self.default_page_size > self.max_page_size:
            raise ValueError("DEFAULT_PAGE_SIZE: must not exceed MAX_PAGE_SIZE")
        return self
