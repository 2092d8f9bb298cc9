"""Files from the web: they go on where they broke off, and are there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from taxolens.core.errors import NetworkError, OutputError
from taxolens.core.progress import Progress, Silent
from taxolens.storage.atomic import PART, told_as_output
from taxolens.storage.lock import held

if TYPE_CHECKING:
    import httpx

_SECONDS_TO_ANSWER = 10.0
_SECONDS_OF_SILENCE = 60.0
_TRIES = 4
_LONGEST_PAUSE = 8.0
_CHUNK = 1 << 20
_MOST_BYTES = 1 << 40


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on the web.

    Attributes:
        name: what to call it.
        bytes: its size, where known; a server that sends more is cut off.
    """

    name: str
    url: str
    bytes: int | None = None


def download(remote: Remote, target: Path, *, what: str, progress: Progress | None = None) -> Path:
    """Fetches a file unless it is there; a broken connection is taken up again where it broke.

    What has arrived lies in `.NAME.part` beside the target and is used the next time, provided that the
    server still has the same file (its ETag or date). Whether it is the right file is the caller's to check.

    Args:
        what: what is being done, in the user's language.

    Returns:
        The file.

    Raises:
        NetworkError: it did not arrive whole; field `why` says the reason.
        OutputError: it cannot be written, or there is no room for it.
    """
    if target.is_file():
        return target
    with told_as_output(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    busy = NetworkError(
        "{url} is being downloaded by another command. Wait until it is done.", url=remote.url, why="lock"
    )
    with held(target.with_name(f".{target.name}.lock"), busy=busy, place=target):
        if target.is_file():
            return target
        arriving = _Arriving(remote, target)
        arriving.check_room()
        _receive(arriving, what, progress or Silent())
        with told_as_output(target):
            arriving.settle()
    return target


def fetch_bytes(client: httpx.Client, url: str, *, most: int) -> bytes:
    """A small file, whole, tried a few times.

    Raises:
        NetworkError: it did not arrive; field `why` says the reason.
    """
    import httpx

    why = ""
    for attempt in range(_TRIES):
        _pause(attempt)
        try:
            with client.stream("GET", url, follow_redirects=True, timeout=_timeout()) as answer:
                answer.raise_for_status()
                return _whole(answer, most)
        except httpx.HTTPStatusError as error:
            why = _why(error)
            if error.response.status_code < 500:
                break
        except httpx.HTTPError as error:
            why = _why(error)
    raise _not_arrived(url, why)


def _whole(answer: httpx.Response, most: int) -> bytes:
    content = bytearray()
    for chunk in answer.iter_bytes(_CHUNK):
        content += chunk
        if len(content) > most:
            raise _not_arrived(str(answer.url), f"> {most} bytes")
    return bytes(content)


class _Arriving:
    """A file on its way: what has arrived of it, and of which version.

    Attributes:
        have: bytes that have arrived.
    """

    def __init__(self, remote: Remote, target: Path) -> None:
        self.remote = remote
        self.target = target
        self.part = target.with_name(f".{target.name}{PART}")
        self._note = target.with_name(f".{target.name}{PART}.json")
        self.have = self.part.stat().st_size if self.part.is_file() and self._version() else 0

    def _version(self) -> str:
        """What the server called the version that has begun to arrive; empty where it did not say."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        same = isinstance(note, dict) and note.get("url") == self.remote.url
        return str(note.get("version") or "") if same else ""

    def headers(self) -> dict[str, str]:
        """Asks for the rest, of the same version alone. Bytes are wanted as they lie there, unpacked by nobody."""
        asked = {"Accept-Encoding": "identity"}
        version = self._version()
        if self.have and version:
            asked |= {"Range": f"bytes={self.have}-", "If-Range": version}
        return asked

    def is_complete(self, answer: httpx.Response) -> bool:
        """Whether the server has nothing to add to what is there."""
        return answer.status_code == 416 and answer.headers.get("content-range", "") == f"bytes */{self.have}"

    def begin(self, answer: httpx.Response) -> None:
        """Goes on where the answer does: at what is there, or, where the server sends all, anew."""
        goes_on = answer.headers.get("content-range", "").startswith(f"bytes {self.have}-")
        if answer.status_code != 206 or not goes_on:
            self.have = 0
            version = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
            # A weak ETag does not promise the same bytes, and If-Range may not carry it (RFC 9110, 13.1.5).
            version = "" if version.startswith("W/") else version
            note = {"url": self.remote.url, "version": version}
            self._note.write_text(json.dumps(note), encoding="utf-8")

    def open(self) -> BinaryIO:
        """The part, ready to be written at its end."""
        file = self.part.open("r+b" if self.have else "wb")
        file.seek(self.have)
        file.truncate()
        return file

    def check_room(self) -> None:
        """Refuses to begin what cannot end."""
        missing = (self.remote.bytes or 0) - self.have
        if missing > shutil.disk_usage(self.target.parent).free:
            raise OutputError(
                "There is no room in {folder} for the {size:.1f} GB of {name}. Free some space, or name another "
                "TAXOLENS_HOME.",
                folder=self.target.parent,
                size=missing / 1e9,
                name=self.remote.name,
            )

    def settle(self) -> None:
        """The whole file takes its place."""
        with self.part.open("rb+") as file:
            os.fsync(file.fileno())
        self.part.replace(self.target)
        self._note.unlink(missing_ok=True)


def _receive(arriving: _Arriving, what: str, progress: Progress) -> None:
    size = arriving.remote.bytes
    total = max(1, -(-size // _CHUNK)) if size else None
    for _ in progress.track(_arrivals(arriving), what=what, total=total):
        pass


def _arrivals(arriving: _Arriving) -> Iterator[int]:
    """Writes what arrives and yields once for each piece; connects again as long as something arrives."""
    import httpx

    for _ in range(arriving.have // _CHUNK):
        yield 0
    failures = 0
    with httpx.Client(follow_redirects=True, timeout=_timeout()) as client:
        while True:
            before = arriving.have
            try:
                yield from _pieces(client, arriving)
                return
            except httpx.HTTPStatusError as error:
                if error.response.status_code < 500:
                    raise _not_arrived(arriving.remote.url, _why(error)) from error
                why = error
            except httpx.HTTPError as error:
                why = error  # type: ignore[assignment]
            failures = 0 if arriving.have > before else failures + 1
            if failures >= _TRIES or isinstance(why, httpx.ConnectError):
                raise _not_arrived(arriving.remote.url, _why(why)) from why
            _pause(failures)


def _pieces(client: httpx.Client, arriving: _Arriving) -> Iterator[int]:
    most = arriving.remote.bytes or _MOST_BYTES
    with client.stream("GET", arriving.remote.url, headers=arriving.headers()) as answer:
        if arriving.is_complete(answer):
            return
        answer.raise_for_status()
        with told_as_output(arriving.part):
            arriving.begin(answer)
            file = arriving.open()
        with file:
            for chunk in answer.iter_raw(_CHUNK):
                with told_as_output(arriving.part):
                    file.write(chunk[: most + 1 - arriving.have])
                    file.flush()
                arriving.have = file.tell()
                yield len(chunk)
                if arriving.have > most:
                    return


def _timeout() -> httpx.Timeout:
    import httpx

    return httpx.Timeout(_SECONDS_OF_SILENCE, connect=_SECONDS_TO_ANSWER)


def _pause(failures: int) -> None:
    if failures:
        time.sleep(min(_LONGEST_PAUSE, 0.2 * 2**failures))


def _why(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _not_arrived(url: str, why: str) -> NetworkError:
    return NetworkError(
        "{url} could not be downloaded: {why}. Run the same command again; what has arrived is kept.",
        url=url,
        why=why,
    )
