"""The peer as an ASGI application, for `uvicorn --factory`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from bench.peers.fastapi_shop.routers import cart, orders, products, recommendations
from bench.peers.fastapi_shop.settings import PeerSettings


def create_app() -> FastAPI:
    """The shop, with the settings of the environment."""
    settings = PeerSettings()  # type: ignore[call-arg]  # the environment has them
    engine = create_engine(settings.database_url, pool_size=settings.pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        engine.dispose()

    app = FastAPI(title="Shop", lifespan=lifespan)
    app.state.settings = settings
    app.state.sessions = sessionmaker(engine, expire_on_commit=False)
    for module in (products, cart, orders, recommendations):
        app.include_router(module.router)
    return app
