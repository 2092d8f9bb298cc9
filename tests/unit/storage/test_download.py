"""A download goes on where it broke, and is there whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from taxolens.core.errors import NetworkError, OutputError
from taxolens.storage import download as download_module
from taxolens.storage.download import Remote, download, fetch_bytes

DATA = bytes(range(256)) * 20_000  # 5 MB
WHAT = "Downloading"


class Server(BaseHTTPRequestHandler):
    """Serves one file by ranges; breaks the connection as often as told."""

    protocol_version = "HTTP/1.1"
    data = DATA
    etag: str | None = '"one"'
    ranges = True
    breaks_after: list[int]
    statuses: list[int]
    asked: list[str]

    def do_GET(self) -> None:
        kind = type(self)
        kind.asked.append(self.headers.get("Range", "all"))
        if kind.statuses:
            self.send_response(kind.statuses.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = self._start()
        if start >= len(self.data) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(self.data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.data) - 1}/{len(self.data)}")
        if self.etag:
            self.send_header("ETag", self.etag)
        self.end_headers()
        if kind.breaks_after:
            self.wfile.write(self.data[start : start + kind.breaks_after.pop(0)])
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True
            return
        self.wfile.write(self.data[start:])

    def _start(self) -> int:
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, self.etag)
        return int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges and same else 0

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    handler = type("One", (Server,), {"breaks_after": [], "statuses": [], "asked": []})
    web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=lambda: web.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    handler.url = f"http://127.0.0.1:{web.server_port}/file.bin"
    monkeypatch.setattr(download_module, "_pause", lambda failures: None)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield handler
    web.shutdown()
    web.server_close()
    thread.join()


def remote(server: type[Server], size: int | None = len(DATA)) -> Remote:
    return Remote("file", server.url, size)  # type: ignore[attr-defined]


class Counted:
    """Counts what it was told."""

    def __init__(self) -> None:
        self.pieces = 0
        self.total: int | None = None

    def track(self, items: Iterable[Any], *, what: str, total: int | None = None) -> Iterator[Any]:
        self.total = total
        for item in items:
            self.pieces += 1
            yield item

    def note(self, text: str) -> None:
        raise AssertionError(text)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_once_and_nothing_else_stays(server: type[Server], tmp_path: Path) -> None:
    heard = Counted()
    for _ in range(2):
        assert download(remote(server), tmp_path / "f.bin", what=WHAT, progress=heard).read_bytes() == DATA
    assert server.asked == ["all"] and left(tmp_path) == ["f.bin"]
    assert heard.pieces >= (heard.total or 0) == 5


def test_a_broken_connection_is_taken_up_where_it_broke(server: type[Server], tmp_path: Path) -> None:
    server.breaks_after[:] = [2_500_000, 0, 1_200_000]
    assert download(remote(server), tmp_path / "f.bin", what=WHAT).read_bytes() == DATA
    assert server.asked[0] == "all" and len(server.asked) == 4
    begins = [int(one.removeprefix("bytes=").rstrip("-")) for one in server.asked[1:]]
    assert begins == sorted(begins) and begins[0] > 1_000_000


def test_a_stopped_command_goes_on_and_another_version_begins_anew(
    server: type[Server], tmp_path: Path
) -> None:
    server.breaks_after[:] = [3_000_000, 0, 0, 0, 0]
    with pytest.raises(NetworkError, match="what has arrived is kept"):
        download(remote(server), tmp_path / "f.bin", what=WHAT)
    assert left(tmp_path) == [".f.bin.part", ".f.bin.part.json"]
    server.asked.clear()
    server.breaks_after.clear()
    first = (tmp_path / ".f.bin.part").stat().st_size
    server.etag, server.data = '"two"', DATA[::-1]
    assert download(remote(server), tmp_path / "f.bin", what=WHAT).read_bytes() == DATA[::-1]
    assert server.asked == [f"bytes={first}-"]


@pytest.mark.parametrize("change", [{"ranges": False}, {"etag": None}, {"etag": 'W/"weak"'}])
def test_a_server_that_cannot_go_on_sends_all_again(
    change: dict[str, Any], server: type[Server], tmp_path: Path
) -> None:
    for name, value in change.items():
        setattr(server, name, value)
    server.breaks_after[:] = [2_500_000]
    assert download(remote(server), tmp_path / "f.bin", what=WHAT).read_bytes() == DATA


def test_a_command_killed_before_the_last_step_needs_no_byte(server: type[Server], tmp_path: Path) -> None:
    server.breaks_after[:] = [3_000_000, 0, 0, 0, 0]
    with pytest.raises(NetworkError):
        download(remote(server, None), tmp_path / "f.bin", what=WHAT)
    server.breaks_after.clear()
    (tmp_path / ".f.bin.part").write_bytes(DATA)
    assert download(remote(server, None), tmp_path / "f.bin", what=WHAT).read_bytes() == DATA


def test_a_server_in_trouble_is_asked_again_and_one_that_refuses_is_not(
    server: type[Server], tmp_path: Path
) -> None:
    server.statuses[:] = [503, 500]
    assert download(remote(server), tmp_path / "f.bin", what=WHAT).read_bytes() == DATA
    server.asked.clear()
    server.statuses[:] = [404]
    with pytest.raises(NetworkError, match="404"):
        download(remote(server), tmp_path / "g.bin", what=WHAT)
    assert len(server.asked) == 1 and left(tmp_path) == ["f.bin"]


def test_a_server_that_sends_more_is_cut_off(server: type[Server], tmp_path: Path) -> None:
    found = download(remote(server, 2_000_000), tmp_path / "f.bin", what=WHAT)
    assert 2_000_000 < found.stat().st_size < 3_500_000  # so that a checksum can tell


def test_what_has_no_room_is_not_begun(server: type[Server], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no room"):
        download(remote(server, 10**18), tmp_path / "f.bin", what=WHAT)
    assert server.asked == []


def test_two_commands_do_not_write_one_file(server: type[Server], tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".f.bin.lock"), pytest.raises(NetworkError, match="another command"):
        download(remote(server), tmp_path / "f.bin", what=WHAT)


def test_small_files_are_fetched_whole_or_told(server: type[Server]) -> None:
    url = server.url  # type: ignore[attr-defined]
    with httpx.Client() as client:
        server.breaks_after[:] = [100]
        assert fetch_bytes(client, url, most=len(DATA)) == DATA
        with pytest.raises(NetworkError, match="bytes"):
            fetch_bytes(client, url, most=1000)
        server.statuses[:] = [404]
        with pytest.raises(NetworkError, match="404"):
            fetch_bytes(client, url, most=len(DATA))
