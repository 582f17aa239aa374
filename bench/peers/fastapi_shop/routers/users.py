"""Signing in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import bcrypt
import jwt
from fastapi import APIRouter, HTTPException
from sqlalchemy import select

from bench.peers.fastapi_shop.dependencies import DbSession, SettingsOfApp
from bench.peers.fastapi_shop.models import User
from bench.peers.fastapi_shop.schemas import LoginIn, TokenOut

router = APIRouter(tags=["users"])


@router.post("/login")
async def login(body: LoginIn, session: DbSession, settings: SettingsOfApp) -> TokenOut:
    """A token for the right password; 401 otherwise."""
    user = await session.scalar(select(User).where(User.email == body.email, User.is_active))
    if user is None or not await asyncio.to_thread(
        bcrypt.checkpw, body.password.encode(), user.hashed_password.encode()
    ):
        raise HTTPException(401, "The email or the password is wrong.")
    expires = datetime.now(UTC) + settings.token_lifetime
    claims = {"sub": str(user.id), "exp": expires}
    return TokenOut(access_token=jwt.encode(claims, settings.secret_key, algorithm="HS256"))
