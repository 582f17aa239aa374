"""The ceiling: a bare grpc.aio server that answers GetProduct from memory, and does nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import grpc.aio
import uvloop
from sanset.v1 import catalog_pb2, catalog_pb2_grpc


class Echo(catalog_pb2_grpc.CatalogServiceServicer):
    """Hands out the products it was given."""

    def __init__(self, products: Mapping[int, catalog_pb2.Product]) -> None:
        self._products = products

    async def GetProduct(  # type: ignore[override]  # the stubs know both kinds of server at once
        self, request: catalog_pb2.GetProductRequest, context: object
    ) -> catalog_pb2.Product:
        """The product of an id."""
        return self._products[request.product_id]


async def serve(port: int, products: Mapping[int, catalog_pb2.Product]) -> None:
    """Serve until the process is stopped."""
    server = grpc.aio.server()
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(Echo(products), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


def main() -> None:
    """Serve the products of a file that holds one serialised BatchGetProductsResponse."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port", type=int)
    arguments.add_argument("products", type=Path)
    given = arguments.parse_args()
    batch = catalog_pb2.BatchGetProductsResponse.FromString(given.products.read_bytes())
    uvloop.run(serve(given.port, {product.id: product for product in batch.items}))


if __name__ == "__main__":
    main()
