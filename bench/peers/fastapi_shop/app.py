"""The peer as an ASGI application, for `uvicorn --factory`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from bench.peers.fastapi_shop.routers import cart, orders, products, recommendations, users
from bench.peers.fastapi_shop.settings import PeerSettings


def create_app() -> FastAPI:
    """The shop, with the settings of the environment.

    asyncpg prepares every statement once per connection. Connections are as many as there are callers at once, so
    that none waits, and are taken as they are: nothing is asked of the database to see whether they live.
    """
    settings = PeerSettings()  # type: ignore[call-arg]  # the environment has them
    engine = create_async_engine(
        settings.database_url.replace("+psycopg", "+asyncpg", 1), pool_size=settings.pool_size, max_overflow=0
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(title="Shop", lifespan=lifespan)
    app.state.settings = settings
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.state.reading_sessions = async_sessionmaker(engine.execution_options(isolation_level="AUTOCOMMIT"))
    for module in (products, cart, orders, recommendations, users):
        app.include_router(module.router)
    return app
