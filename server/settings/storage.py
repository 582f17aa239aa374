"""Settings of the environment and of where the shop stores its data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field, PostgresDsn, TypeAdapter, field_validator

from server.settings.group import Group


class StorageSettings(Group):
    """The environment, DATA_DIR and the database."""

    environment: Literal["demo", "production", "test"] = Field(
        "production",
        description="demo: generated secrets, demo data and gateway; production: refuses weak secrets",
    )
    data_dir: Path = Field(Path("var"), description="Where the database, models, secrets and logs live")
    database_url: str = Field("", description="postgresql://… or sqlite:///…; empty: SQLite under DATA_DIR")
    db_pool_size: int = Field(
        8, ge=1, le=200, description="Database connections (and use-case threads) per worker"
    )

    @field_validator("database_url")
    @classmethod
    def _database_is_supported(cls, value: str) -> str:
        if value.startswith("sqlite:///") and value != "sqlite:///":  # without a path it is lost at the end
            return value
        if value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            plain = "postgresql://" + value.split("://", 1)[1]
            if "host=" not in plain:  # a socket directory rides in the query, where PostgresDsn finds no host
                TypeAdapter(PostgresDsn).validate_python(plain)
            return "postgresql+psycopg://" + plain.removeprefix("postgresql://")
        if value:
            raise ValueError("use postgresql://user:password@host/name or sqlite:///path")
        return value

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database in use."""
        path = quote(str(self.data_dir.absolute() / "sanset.db"), safe="/ ")
        return self.database_url or f"sqlite:///{path}"

    @property
    def models_dir(self) -> Path:
        """The directory of trained artifacts."""
        return self.data_dir / "models"

    @property
    def search_dir(self) -> Path:
        """The directory of the search index."""
        return self.data_dir / "search"
