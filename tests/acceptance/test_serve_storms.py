"""The server under what would break it: damaged photos by the thousand, new versions while it is asked."""

from __future__ import annotations

import io
import os
import random
import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.acceptance.conftest import Command
from tests.acceptance.serving import Server
from tests.conftest import write_class_folders

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")


def mutated(number: int) -> bytes:
    """A photo of which bytes were changed, cut off, doubled or moved."""
    chance = random.Random(number)
    file = io.BytesIO()
    noise = Image.frombytes("RGB", (40, 30), chance.randbytes(3600)).resize((160, 120))
    noise.save(file, FORMATS[number % len(FORMATS)])
    raw = bytearray(file.getvalue())
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(min(len(raw), chance.choice((64, 400, len(raw)))))
        kind = chance.randrange(4)
        if kind == 0:
            raw[place] = chance.randrange(256)
        elif kind == 1:
            raw[place : place + 4] = chance.randbytes(4)
        elif kind == 2:
            raw[place:place] = raw[place : place + chance.randint(1, 40)]
        else:
            del raw[place : place + chance.randint(1, 40)]
        raw = raw or bytearray(b"x")
    return bytes(raw)


def ask_mutated(server: Server, count: int) -> Counter[int]:
    """The statuses that so many mutated photos got, each alone."""
    statuses: Counter[int] = Counter()
    with ThreadPoolExecutor(8) as threads, server.client() as client:

        def ask(number: int) -> None:
            answer = client.post("/predict", content=mutated(number))
            statuses[answer.status_code] += 1
            if answer.status_code != 200:
                assert answer.json()["error"]

        list(threads.map(ask, range(count)))
    return statuses


# The whole storm takes minutes: TAXOLENS_STORM=1 pytest tests/acceptance/test_serve_storms.py
MANY, RELOADS = (10_000, 50) if os.environ.get("TAXOLENS_STORM") else (1_500, 10)


@pytest.mark.parametrize("count", [160, pytest.param(MANY, marks=pytest.mark.slow)])
def test_damaged_photos_are_answered_or_refused(
    trained: Path, home: Path, tmp_path: Path, count: int
) -> None:
    with Server(
        trained / "model.onnx", "--log-level", "error", home=home, log=tmp_path / "log.txt"
    ) as server:
        statuses = ask_mutated(server, count)
        assert set(statuses) <= {200, 413, 415, 422}
        assert sum(statuses.values()) == count
        assert statuses[200] > 0
        assert server.process.poll() is None
        with server.client() as client:
            assert client.get("/v2/health/ready").status_code == 200
            restarts = client.get("/metrics").text.split("\ntaxolens_worker_restarts_total ")[1].split()[0]
        assert float(restarts) <= count / 1000
    assert "Traceback" not in server.log()


class _Readers:
    """Clients that ask while versions change, and keep what each version said."""

    def __init__(self, server: Server, photo: bytes) -> None:
        self._server, self._photo = server, photo
        self._stop = threading.Event()
        self.said: list[tuple[str, str, str]] = []
        self.failed: list[Any] = []

    def go_on(self) -> None:
        """Asks with two photos a time until told to stop."""
        files = [("file", ("a.jpg", self._photo)), ("file", ("b.jpg", self._photo))]
        with self._server.client() as client:
            while not self._stop.is_set():
                try:
                    answer = client.post("/predict", files=files)
                    told = answer.json()
                    first, second = (one["top1"] for one in told["predictions"])
                except (httpx.HTTPError, KeyError, ValueError) as error:
                    self.failed.append(error)
                    continue
                if first != second:
                    self.failed.append((first, second))
                self.said.append((told["model"]["version"], told["model"]["sha256"], first))

    def stop(self) -> None:
        """No more requests."""
        self._stop.set()


@pytest.mark.parametrize("reloads", [3, pytest.param(RELOADS, marks=pytest.mark.slow)])
def test_new_versions_under_load_fail_nobody_and_mix_nothing(
    trained: Path, taxolens: Command, home: Path, class_folders: Path, tmp_path: Path, reloads: int
) -> None:
    photos = write_class_folders(tmp_path / "photos", per_class=12, seed=1)
    for name in ("across", "down", "slanted"):
        (photos / name).rename(photos / f"other-{name}")
    outcome = taxolens("train", photos, "--out", tmp_path / "other", "--name", "stripes", "--quiet")
    assert outcome.code == 0, outcome.err
    files = [trained / "model.onnx", tmp_path / "other" / "model.onnx"]
    served = tmp_path / "stripes.onnx"
    shutil.copy(files[0], served)
    photo = (class_folders / "across" / "across_001.jpg").read_bytes()
    with Server(f"stripes={served}", "--log-level", "error", home=home, log=tmp_path / "log.txt") as server:
        readers = _Readers(server, photo)
        with ThreadPoolExecutor(4) as threads, server.client() as client:
            for _ in range(4):
                threads.submit(readers.go_on)
            for number in range(1, reloads + 1):
                shutil.copy(files[number % 2], tmp_path / "coming.onnx")
                (tmp_path / "coming.onnx").replace(served)
                answer = client.post("/v2/repository/models/stripes/load")
                assert answer.status_code == 200, answer.text
                time.sleep(0.1)
            readers.stop()
    assert readers.failed == []
    by_version = {version: (sha, label) for version, sha, label in readers.said}
    assert len(by_version) > reloads / 2
    for version, sha, label in readers.said:
        assert by_version[version] == (sha, label)
        assert label == ("across" if int(version) % 2 else "other-across")
