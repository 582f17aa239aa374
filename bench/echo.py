"""The ceiling: a bare grpc.aio server that answers GetProduct from memory, and does nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import grpc
import grpc.aio
import uvloop
from sanset.v1 import product_pb2

SERVICE = "sanset.v1.CatalogService"


async def serve(port: int, products: Mapping[int, product_pb2.Product]) -> None:
    """Serve until the process is stopped."""

    async def get_product(request: product_pb2.GetProductRequest, context: object) -> product_pb2.Product:
        return products[request.product_id]

    handler = grpc.unary_unary_rpc_method_handler(
        get_product,
        request_deserializer=product_pb2.GetProductRequest.FromString,
        response_serializer=product_pb2.Product.SerializeToString,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"GetProduct": handler})])
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


def main() -> None:
    """Serve the products of a file that holds one serialised BatchGetProductsResponse."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port", type=int)
    arguments.add_argument("products", type=Path)
    options = arguments.parse_args()
    batch = product_pb2.BatchGetProductsResponse.FromString(options.products.read_bytes())
    uvloop.run(serve(options.port, {product.id: product for product in batch.items}))


if __name__ == "__main__":
    main()
