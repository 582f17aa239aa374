"""Follows an order on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from typing import Any

from sanset.v1.order_pb2 import OrderEvent
from sanset.v1.order_service_pb2 import TrackOrderRequest

from sanset_client.errors import SansetError
from sanset_client.tracking import Trail


async def follow(
    open_stream: Callable[[TrackOrderRequest], Any], trail: Trail
) -> AsyncGenerator[OrderEvent, None]:
    """Yield the steps of an order until its end, over as many streams as it takes. Raises SansetError."""
    while True:
        try:
            with ExitStack() as leaving:
                stream = open_stream(trail.request())
                leaving.callback(stream.cancel)  # frees the server also when the caller leaves the loop
                async for message in stream:
                    event = trail.take(message)
                    if event is not None:
                        yield event
                    if trail.over:
                        break
        except SansetError as error:
            trail.failed(error)
        if trail.ended:
            return
        await asyncio.sleep(trail.pause())
