"""What talks to a server until it is closed."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from taxolens.client.exchange import Exchange


class Connected:
    """Lets go of its connections at the end of a `with` block, or when it is told to.

    Args:
        exchange: talks to the server.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of all connections."""
        self._exchange.close()
