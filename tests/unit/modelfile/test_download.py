"""A download arrives whole and right, or leaves nothing and says how to do without."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest

from taxolens.core.errors import ModelError, NetworkError
from taxolens.modelfile.catalogue import CatalogueEntry, catalogue, download_path
from taxolens.modelfile.download import fetch

DATA = b"weights" * 100_000


class Hub(BaseHTTPRequestHandler):
    """Serves one file, as often as asked."""

    body = DATA
    status = 200
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    handler = type("OneHub", (Hub,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    at_home = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_url", lambda repo, file, revision: at_home + f"{repo}/{file}"
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def entry() -> CatalogueEntry:
    changes = {"sha256": hashlib.sha256(DATA).hexdigest(), "bytes": len(DATA)}
    return catalogue()["mobilenetv2"].model_copy(update=changes)


def nothing_left(home: Path) -> bool:
    return not [one for one in home.rglob("*") if one.is_file()]


def test_a_file_is_fetched_once(hub: type[Hub], entry: CatalogueEntry, tmp_path: Path) -> None:
    assert fetch(entry, tmp_path).read_bytes() == DATA
    assert fetch(entry, tmp_path) == download_path(entry, tmp_path)
    assert hub.asked == ["/onnxmodelzoo/mobilenetv2-12/mobilenetv2-12.onnx"]


@pytest.mark.parametrize("body", [b"weightz" * 100_000, DATA[:-1], DATA + b"!", b"", b"<html>sign in</html>"])
def test_another_file_is_thrown_away(
    hub: type[Hub], entry: CatalogueEntry, tmp_path: Path, body: bytes
) -> None:
    hub.body = body
    with pytest.raises(ModelError):
        fetch(entry, tmp_path)
    assert nothing_left(tmp_path)


def test_a_server_that_refuses_is_a_network_error(
    hub: type[Hub], entry: CatalogueEntry, tmp_path: Path
) -> None:
    hub.status = 503
    with pytest.raises(NetworkError, match="models add mobilenetv2 --file"):
        fetch(entry, tmp_path)
    assert nothing_left(tmp_path)


def test_without_network_the_answer_comes_at_once(
    entry: CatalogueEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub, "hf_hub_url", lambda *_, **__: "http://127.0.0.1:9/nobody")
    started = time.monotonic()
    with pytest.raises(NetworkError, match="models add mobilenetv2 --file"):
        fetch(entry, tmp_path)
    assert time.monotonic() - started < 5
    assert nothing_left(tmp_path)


def test_who_asked_to_stay_offline_stays_offline(
    hub: type[Hub], entry: CatalogueEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NetworkError, match="HF_HUB_OFFLINE"):
        fetch(entry, tmp_path)
    assert hub.asked == []
