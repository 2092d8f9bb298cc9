"""Memory of the model server over a long time of mixed requests.

    python -m benchmarks.soak MODEL [--minutes 60] [--rate 10] [--out soak.csv]

MODEL is any model file. Ten requests a second: photos of other sizes each, the same by the Open Inference Protocol, broken
ones, no photos at all; once a minute the model is loaded again. Every ten seconds the memory of all processes of the server
is noted. The slope is Theil's and Sen's over all that follows the first sixth, with its 95 % interval.
"""

from __future__ import annotations

import argparse
import base64
import collections
import csv
import http.client
import io
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import theilslopes

from benchmarks.serving import TAXOLENS, memory, serving

EVERY = 10.0
RELOAD = 60.0
Request = tuple[str, bytes, dict[str, str]]


def requests(name: str) -> Iterator[Request]:
    """Requests without end, none like the one before: path, body and headers."""
    rng = np.random.default_rng(0)
    raw = {"Content-Type": "application/octet-stream"}
    while True:
        photo = _photo(rng)
        kind = rng.random()
        if kind < 0.7:
            yield "/predict", photo, raw
        elif kind < 0.85:
            encoded = base64.b64encode(photo).decode()
            tensor = {"name": "IMAGE", "shape": [1], "datatype": "BYTES", "data": [encoded]}
            yield f"/v2/models/{name}/infer", json.dumps({"inputs": [tensor]}).encode(), {}
        elif kind < 0.95:
            broken = bytearray(photo)
            for place in rng.integers(0, len(broken), 20):
                broken[place] = rng.integers(0, 256)
            yield "/predict", bytes(broken[: rng.integers(1, len(broken))]), raw
        else:
            yield "/predict", rng.bytes(int(rng.integers(0, 100_000))), raw


def _photo(rng: np.random.Generator) -> bytes:
    size = tuple(int(side) for side in rng.integers(60, 1600, 2))
    coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
    file = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(
        file, ("JPEG", "PNG", "WEBP")[rng.choice(3, p=(0.8, 0.1, 0.1))]
    )
    return file.getvalue()


def soak(pid: int, port: int, name: str, seconds: float, rate: float, out: Path) -> list[tuple[float, float]]:
    """Asks for so long; gives the seconds since the start and the megabytes then."""
    answers: collections.Counter[int] = collections.Counter()
    seen: list[tuple[float, float]] = []
    began = time.monotonic()
    noted, reloaded = -EVERY, 0.0
    with out.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("seconds", "megabytes", "requests"))
        for number, request in enumerate(requests(name)):
            now = time.monotonic() - began
            if now >= seconds:
                break
            if now - reloaded >= RELOAD:
                reloaded = now
                answers[_ask(port, f"/v2/repository/models/{name}/load", b"{}", {})] += 1
            answers[_ask(port, *request)] += 1
            if now - noted >= EVERY:
                noted = now
                seen.append((now, memory(pid)))
                table.writerow((f"{now:.0f}", f"{seen[-1][1]:.1f}", number + 1))
                file.flush()
            time.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))
    print("answers by status:", dict(sorted(answers.items())))
    return seen


def _ask(port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def main() -> None:
    """Serves, asks and prints the slope."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--out", type=Path, default=Path("soak.csv"))
    given = parser.parse_args()
    command = (TAXOLENS, "serve", f"soaked={given.model}", "--port", "PORT", "--log-level", "error")
    with serving(*command) as (process, port, ready):
        print(f"ready in {ready:.2f} s", flush=True)
        seen = soak(process.pid, port, "soaked", given.minutes * 60, given.rate, given.out)
        if process.poll() is not None:
            sys.exit("the server has ended")
    hours, megabytes = np.array(seen).T / np.array([[3600], [1]])
    late = hours >= hours[-1] / 6
    slope, _, low, high = theilslopes(megabytes[late], hours[late])
    print(
        f"{megabytes[0]:.0f} MB at first, {megabytes[late].min():.0f} to {megabytes[late].max():.0f} MB later"
    )
    print(f"slope after the first sixth: {slope:+.2f} MB an hour ({low:+.2f} to {high:+.2f})")


if __name__ == "__main__":
    main()
