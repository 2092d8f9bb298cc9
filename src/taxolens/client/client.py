"""A model server of Taxolens from Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from taxolens.client.answers import Answer, ServedModel, failed, read_answers, read_models
from taxolens.client.connected import Connected
from taxolens.client.exchange import Declined, Exchange
from taxolens.client.photos import Named, encoded, named
from taxolens.client.retry import Retry
from taxolens.core.errors import ImageError, UsageError

_TOO_LARGE = 413
_OF_A_PHOTO = frozenset({413, 415, 422})
"""Statuses with which a server declines a single photo that cannot be read."""

_DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
"""A black PNG of one pixel."""


@dataclass(frozen=True, slots=True)
class _Ready:
    name: str
    data: bytes


class Client(Connected):
    """A server, asked about photos. Safe to use from several threads.

        with Client("http://localhost:8080") as server:
            for answer in server.predict(["a.jpg", "b.jpg"]):
                print(answer.name, answer.label, answer.confidence)

    Args:
        url: of the server's root.
        key: that opens it; None: none is shown.
        timeout: seconds that a connection, and each silence while an answer is waited for, may take.
        retries: how often to ask again where the server is busy or cannot be reached.
        language: of names and reasons, as "fr"; None: the server's.
        batch: photos of one request at most.
        batch_bytes: bytes of one request at most; a single photo may be larger.
        retry: how patient to be, in all detail; it goes before `retries`.
        transport: what carries requests; None: the network.
        sleep: waits so many seconds.

    Raises:
        UsageError: the address is none, or fewer photos than one are to be sent at once.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 4,
        language: str | None = None,
        batch: int = 16,
        batch_bytes: int = 32_000_000,
        retry: Retry | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if batch < 1:
            raise UsageError("{batch} photos at once cannot be. Give 1 or more.", batch=batch)
        self._batch = batch
        self._batch_bytes = batch_bytes
        self._language = language
        super().__init__(
            Exchange(
                url,
                key=key,
                timeout=timeout,
                retry=retry or Retry(retries),
                headers={"Accept-Language": language} if language else None,
                transport=transport,
                sleep=sleep,
            )
        )

    def ready(self) -> bool:
        """Whether the server wants requests now; no server at all is not ready. Asked once."""
        return self._exchange.status("/v2/health/ready") == httpx.codes.OK

    def models(self) -> tuple[ServedModel, ...]:
        """All versions of all models that the server knows.

        Raises:
            UsageError: the server declines, as for a wrong key.
            NetworkError: nothing answers, or not as a server of Taxolens would.
        """
        return read_models(self._exchange.send("GET", "/models").content, self._exchange.url)

    def predict(
        self,
        photos: Any,
        *,
        model: str | None = None,
        version: str | None = None,
        threshold: float | None = None,
        top_k: int = 5,
    ) -> list[Answer]:
        """What a model says of photos.

        Args:
            photos: paths (str or Path), bytes of files and arrays (uint8 [height, width, 3], upright RGB), or a single
                one.
            model: name or alias; None: the first that is served.
            version: of it; None: the newest.
            threshold: below it answers are "unsure" and boxes left out, 0..1; None: as the model's card says.
            top_k: how many probabilities to tell, at least 1.

        Returns:
            One answer per photo, in their order. A photo that cannot be read has the status "failed" and says why.

        Raises:
            UsageError: an argument that cannot be meant, an unknown model, a wrong key.
            NetworkError: nothing answers, it takes too long, the server stays busy or fails.
        """
        return list(self.each(photos, model=model, version=version, threshold=threshold, top_k=top_k))

    def each(
        self,
        photos: Any,
        *,
        model: str | None = None,
        version: str | None = None,
        threshold: float | None = None,
        top_k: int = 5,
    ) -> Iterator[Answer]:
        """As `predict`, answer by answer, for more photos than fit into memory.

        Raises:
            UsageError: as `predict`.
            NetworkError: as `predict`.
        """
        asked = {
            "model": model,
            "version": version,
            "threshold": threshold,
            "top_k": top_k,
            "lang": self._language,
        }
        query = {name: value for name, value in asked.items() if value is not None}
        for batch in self._batches(photos):
            answers = iter(self._answers(tuple(one for one in batch if isinstance(one, _Ready)), query))
            yield from (next(answers) if isinstance(one, _Ready) else one for one in batch)

    def _batches(self, photos: Any) -> Iterator[list[_Ready | Answer]]:
        """Photos that go together; those that cannot even be opened have their answer already."""
        batch: list[_Ready | Answer] = []
        count = size = 0
        for photo in named(photos):
            one = _opened(photo)
            length = len(one.data) if isinstance(one, _Ready) else 0
            if batch and (count == self._batch or size + length > self._batch_bytes):
                yield batch
                batch, count, size = [], 0, 0
            batch.append(one)
            count, size = count + 1, size + length
        if batch:
            yield batch

    def _answers(self, photos: tuple[_Ready, ...], query: dict[str, Any]) -> tuple[Answer, ...]:
        """A batch, in halves where the server takes fewer at once."""
        if not photos:
            return ()
        try:
            return self._asked(photos, query)
        except Declined as no:
            if len(photos) > 1 and no.status == _TOO_LARGE:
                middle = len(photos) // 2
                return self._answers(photos[:middle], query) + self._answers(photos[middle:], query)
            if len(photos) == 1 and no.status in _OF_A_PHOTO:
                return (self._failed(photos[0], query, no),)
            raise

    def _failed(self, photo: _Ready, query: dict[str, Any], no: Declined) -> Answer:
        """The answer for a photo that is declined when it comes alone.

        A server tells of a single bad photo by its status, which other faults of a request have too; beside another
        photo it says which of the two it is.
        """
        try:
            return self._asked((photo, _Ready("", _DOT)), query)[0]
        except Declined as again:
            if no.status == again.status == _TOO_LARGE:
                return failed(photo.name, "too_large", no.reason)
            raise no from again

    def _asked(self, photos: tuple[_Ready, ...], query: dict[str, Any]) -> tuple[Answer, ...]:
        files = [("file", (f"{number}", photo.data)) for number, photo in enumerate(photos)]
        reply = self._exchange.send("POST", "/predict", params=query, files=files)
        return read_answers(reply.content, tuple(photo.name for photo in photos), self._exchange.url)


def _opened(photo: Named) -> _Ready | Answer:
    try:
        return _Ready(photo.name, encoded(photo.source))
    except ImageError as error:
        return failed(photo.name, error.code, error.told())
