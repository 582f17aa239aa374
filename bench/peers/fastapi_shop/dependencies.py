"""Dependencies of the routes: a database session and the signed-in user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from bench.peers.fastapi_shop.models import User
from bench.peers.fastapi_shop.settings import PeerSettings


async def get_settings(request: Request) -> PeerSettings:
    """The settings the app was made with."""
    settings: PeerSettings = request.app.state.settings
    return settings


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A session that lives as long as the request; reads need no transaction, nor its BEGIN and ROLLBACK."""
    state = request.app.state
    async with (state.reading_sessions if request.method == "GET" else state.sessions)() as session:
        yield session


SettingsOfApp = Annotated[PeerSettings, Depends(get_settings)]
DbSession = Annotated[AsyncSession, Depends(get_session)]
Credentials = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def get_current_user(settings: SettingsOfApp, session: DbSession, credentials: Credentials) -> User:
    """The active user a valid token names; 401 otherwise."""
    refused = HTTPException(status.HTTP_401_UNAUTHORIZED, "Sign in first.", {"WWW-Authenticate": "Bearer"})
    try:
        claims = jwt.decode(
            credentials.credentials,
            settings.secret_key,
            algorithms=["HS256"],
            options={"require": ["sub", "exp"]},
        )
    except jwt.InvalidTokenError:
        raise refused from None
    user = await session.get(User, int(claims["sub"]))
    if user is None or not user.is_active:
        raise refused
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
