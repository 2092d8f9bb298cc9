"""The address that a server listens at."""

from __future__ import annotations

import errno
import socket

from taxolens.core.errors import UsageError

BACKLOG = 2048


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        port: 0: any that is free.

    Raises:
        UsageError: the address cannot be used.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, number)
    except OSError as error:
        raise UsageError("{host} is no address of this machine. Mend --host.", host=host) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from error
    listener.setblocking(False)
    return listener


def _refused(host: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            "The port {port} is taken by another program. Choose another with --port, or 0 for any.",
            port=port,
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return UsageError("The port {port} may not be used. Choose one above 1023 with --port.", port=port)
    return UsageError("{host} is no address of this machine. Mend --host.", host=host)
