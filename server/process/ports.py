"""TCP ports: free ones for everything that no user needs to name, and a hold on those that must stay ours."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return `count` different TCP ports that nothing on this machine's loopback uses now.

    Another program may take one before it is used: hold it, or be ready to try again.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:  # all held at once, so that no port is handed out twice
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen on `host`:`port` now.

    Raises OSError when `host` is no address of this machine, or the port needs rights that we lack.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            trial.bind(address)
            trial.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def reserve(host: str, port: int) -> socket.socket:
    """Bind `host`:`port` without listening, and return the socket to keep open.

    Servers that set SO_REUSEPORT, as gRPC's do, still bind it; the kernel gives it to nobody else, not even
    as the near end of an outgoing connection while a worker restarts. Raises OSError as `bind` does.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except OSError:
        reserved.close()
        raise
    return reserved
