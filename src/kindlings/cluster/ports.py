"""Which ports of this machine lead to the cluster's node ports."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from kindlings.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterable

NODE_PORTS: Final = (32000, 31000)
ADDRESS: Final = "127.0.0.1"
_TRIES: Final = 100


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        # Without this, a port would count as taken for a minute after its last connection.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((ADDRESS, port))
            server.listen(1)
        except OSError:
            return False
    return True


def choose(node_ports: Iterable[int] = NODE_PORTS) -> dict[int, int]:
    """Return for each node port the same port here, or where that is taken the next free one.

    Raises InfrastructureError where 100 in a row are taken.
    """
    chosen: dict[int, int] = {}
    for node_port in node_ports:
        for port in range(node_port, node_port + _TRIES):
            if port not in chosen.values() and is_free(port):
                chosen[node_port] = port
                break
        else:
            raise InfrastructureError(
                f"The ports {node_port} to {node_port + _TRIES - 1} of this machine are all taken.",
                "End what listens there (see `ss -ltnp`), then try again.",
            )
    return chosen
