"""A worker in the gateway's eyes: answers with what reached it, and fails when asked to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2_grpc
from sanset.v1 import (
    catalog_pb2_grpc,
    order_pb2,
    order_service_pb2,
    order_service_pb2_grpc,
    product_pb2,
    tracking_pb2,
)

from server.process.supervisor_pipe import say_ready, tell_of_life
from server.rpc.answers import break_off, breakable
from server.rpc.call import unread_call
from server.rpc.methods import Methods
from server.rpc.status import encoded

NOT_THERE, SLOW, LARGE, BUSY, HELD, STEPS = 404, 504, 7, 86, 99, 33
"""Ids that mean something to the double."""
MAX_METADATA_BYTES = 32 * 1024
"""As a worker's."""


class Catalog(catalog_pb2_grpc.CatalogServiceServicer):
    """Products whose description is the metadata that arrived."""

    async def GetProduct(self, request, context):  # type: ignore[no-untyped-def]
        if request.product_id == NOT_THERE:
            await _refuse(context, grpc.StatusCode.NOT_FOUND, "There is no product 404.", "PRODUCT_NOT_FOUND")
        if request.product_id == HELD:
            (Path(os.environ["DATA_DIR"]) / f"held-{uuid.uuid4()}").touch()
            await asyncio.Event().wait()
        if request.product_id == SLOW:
            await asyncio.sleep(60)
        if request.product_id == BUSY:
            (Path(os.environ["DATA_DIR"]) / f"busy-{os.getpid()}").touch()
            time.sleep(3)  # noqa: ASYNC251 - as a computation does, it holds the whole worker
        if request.product_id == LARGE:
            return product_pb2.Product(id=LARGE, description="x" * 5000)
        seen = {key: str(value) for key, value in context.invocation_metadata()}
        seen["deadline"] = str(context.time_remaining())
        return product_pb2.Product(id=request.product_id, name=str(os.getpid()), description=json.dumps(seen))

    async def CreateProduct(self, request, context):  # type: ignore[no-untyped-def]
        if request.product.name == "die":
            os._exit(1)
        return product_pb2.Product(name=request.product.name)


class Orders(order_service_pb2_grpc.OrderServiceServicer):
    """Streams as many heartbeats as the order's number says, five a second."""

    async def TrackOrder(  # type: ignore[no-untyped-def]
        self, request, context
    ) -> AsyncIterator[tracking_pb2.TrackOrderResponse]:
        if request.order_id == NOT_THERE:
            await _refuse(context, grpc.StatusCode.NOT_FOUND, "There is no order 404.", "ORDER_NOT_FOUND")
        for sequence in range(1, 4) if request.order_id == STEPS else ():
            yield tracking_pb2.TrackOrderResponse(event=order_pb2.OrderEvent(sequence=sequence))
        for _ in range(0 if request.order_id == STEPS else request.order_id):
            yield tracking_pb2.TrackOrderResponse(heartbeat=tracking_pb2.TrackOrderResponse.Heartbeat())
            await asyncio.sleep(0.2)


EXPORT_PIECE = b"a line of a table\r\n" * 3000


async def _export(request, context) -> None:  # type: ignore[no-untyped-def]
    """Sends half a file, and then what `x-then` says: "fail", "die", or else the other half."""
    seen = dict(context.invocation_metadata())
    for half in ("first", "second"):
        for _ in range(3):
            await context.write(HttpBody(content_type="text/csv", data=EXPORT_PIECE))
        if half == "first" and seen.get("x-then") == "die":
            await asyncio.sleep(0.2)
            os._exit(1)
        if half == "first" and seen.get("x-then") == "fail":
            if "x-envoy-original-path" in seen:
                await break_off(context, unread_call("ExportOrders"))
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The database is away.")


def _exports() -> grpc.GenericRpcHandler:
    handler = grpc.unary_stream_rpc_method_handler(
        _export,
        request_deserializer=order_service_pb2.ExportOrdersRequest.FromString,
        response_serializer=breakable(HttpBody.SerializeToString),
    )
    return grpc.method_handlers_generic_handler("sanset.v1.OrderService", {"ExportOrders": handler})


async def _refuse(context, code, message, reason):  # type: ignore[no-untyped-def]
    status = status_pb2.Status(code=code.value[0], message=message)
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="sanset"))
    status.details.append(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", encoded(status)),))
    await context.abort(code, message)


async def _serve(port: str) -> None:
    limits = [
        (f"grpc.{name}", MAX_METADATA_BYTES) for name in ("max_metadata_size", "absolute_max_metadata_size")
    ]
    server = grpc.aio.server(options=limits)
    server.add_generic_rpc_handlers((_exports(),))
    methods = Methods()
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(Catalog(), methods.server)
    order_service_pb2_grpc.add_OrderServiceServicer_to_server(Orders(), methods.server)
    server.add_generic_rpc_handlers((methods,))
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    say_ready()
    living = asyncio.create_task(tell_of_life())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    living.cancel()
    await server.stop(0)


def main(port: str) -> None:
    """Serve on a port until SIGTERM."""
    asyncio.run(_serve(port))
