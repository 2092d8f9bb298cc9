"""Calls and their outcomes as bytes between the server and its own processes."""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import asdict, dataclass
from typing import Any

_LENGTH = struct.Struct("!Q")
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class WorkerRule:
    """What holds for every worker.

    Attributes:
        seconds: after which a worker that is still at one thing ends itself, should nobody have ended it.
        opening: likewise, where it opens a model.
        memory: bytes that one piece of work may take beside the models.
        max_megapixels: photos that announce more pixels become failures, unread.
        folder: of copies, which goes when the server is gone.
    """

    seconds: float
    opening: float
    memory: int
    max_megapixels: float
    folder: str

    def fields(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def packed(message: object) -> bytes:
    """A message, with its length before it."""
    # Both ends are this very program, so nothing foreign is ever unpickled.
    data = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(data)) + data


def unpacked(buffer: bytearray) -> Any | None:
    """Takes the first message out of what has arrived; None where it is not whole yet."""
    if len(buffer) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(buffer)[0]
    if len(buffer) < end:
        return None
    with memoryview(buffer) as view:
        message = pickle.loads(view[_LENGTH.size : end])
    del buffer[:end]
    return message


def received(connection: socket.socket) -> Any | None:
    """Waits for a message; None where the other end is gone."""
    head = _exactly(connection, _LENGTH.size)
    data = None if head is None else _exactly(connection, _LENGTH.unpack(head)[0])
    return None if data is None else pickle.loads(data)


def _exactly(connection: socket.socket, length: int) -> bytearray | None:
    data = bytearray(length)
    with memoryview(data) as view:
        filled = 0
        while filled < length:
            arrived = connection.recv_into(view[filled : filled + _AT_ONCE])
            if not arrived:
                return None
            filled += arrived
    return data
