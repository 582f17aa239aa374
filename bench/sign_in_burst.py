"""Sends sign-ins, all at once, each from an address of its own; it runs in its own process.

`python -m bench.sign_in_burst PORT EDGE_TOKEN COUNT LENGTH` signs in COUNT customers with passwords of LENGTH
characters (0: their own), and prints how many calls ended how, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections import Counter

import grpc
from sanset.v1 import auth_pb2, auth_pb2_grpc

from bench.dataset import CUSTOMERS
from bench.shops import sanset_seed

NICENESS = 10
"""What is measured meanwhile, on the same core, goes first."""
SECONDS = 60.0


async def burst(port: int, edge_token: str, count: int, length: int) -> Counter[str]:
    """Send them; how many ended how."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        auth = auth_pb2_grpc.AuthServiceStub(channel)

        async def sign_in(number: int) -> str:
            email = sanset_seed.email(number % CUSTOMERS + 1)
            request = auth_pb2.LoginRequest(email=email, password="x" * length or sanset_seed.PASSWORD)
            address = f"10.0.{number // 250}.{number % 250 + 1}"
            headers = (("x-sanset-edge", edge_token), ("x-sanset-address", address))
            try:
                await auth.Login(request, timeout=SECONDS, metadata=headers)
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return "OK"

        return Counter(await asyncio.gather(*map(sign_in, range(count))))


def main() -> None:
    """Send one burst."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port", type=int)
    arguments.add_argument("edge_token")
    arguments.add_argument("count", type=int)
    arguments.add_argument("length", type=int)
    options = arguments.parse_args()
    os.nice(NICENESS)
    ended = asyncio.run(burst(options.port, options.edge_token, options.count, options.length))
    print(json.dumps(ended))


if __name__ == "__main__":
    main()
