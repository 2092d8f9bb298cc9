"""Requests a second, waiting, memory and start of the model server, beside a plain Flask app around the same network.

    python -m benchmarks.serving RUN... [--clients 1,8,32] [--seconds 10] [--rounds 1]

RUN is a folder that `taxolens train --method finetune` or `scratch` left. Photos are drawn, JPEG, 500 pixels wide. Clients
are processes of their own on the same machine, each with up to eight connections that ask again at once. Both servers
are asked in the same way, by turns; answers are compared before.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

TAXOLENS = Path(sys.executable).with_name("taxolens")
PHOTOS = 16
_BOUNDARY = "taxolens"
_PER_PROCESS = 8


@dataclass(frozen=True)
class Load:
    """What a number of clients saw.

    Attributes:
        rate: requests a second.
        p50: milliseconds to the answer, median.
        p95: likewise, of 95 % of the requests at most.
        work: milliseconds of processor time that the server took for a request. Where other programs take their
            part of the machine, this says more than the rate.
        failed: requests without an answer, or with another status than 200.
    """

    rate: float
    p50: float
    p95: float
    work: float
    failed: int


def photos() -> list[bytes]:
    """Drawn photos of 500 pixels, smooth as photos are."""
    made = []
    for seed in range(PHOTOS):
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
        pixels = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC), np.float32)
        noisy = (pixels + rng.normal(0, 8, pixels.shape)).clip(0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(noisy).save(file, "JPEG", quality=85)
        made.append(file.getvalue())
    return made


def form(photo: bytes) -> bytes:
    """A form with one photo."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode()


_HEADERS = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}


def ask(port: int, body: bytes, connection: http.client.HTTPConnection | None = None) -> tuple[int, bytes]:
    """One request."""
    mine = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    mine.request("POST", "/predict", body, _HEADERS)
    answer = mine.getresponse()
    return answer.status, answer.read()


def _client(port: int, bodies: list[bytes], threads: int, seconds: float, results: object) -> None:
    waits: list[float] = []
    failed = [0]

    def go_on(start: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        until, number = time.perf_counter() + seconds, start
        while (began := time.perf_counter()) < until:
            number += 1
            try:
                status, _ = ask(port, bodies[number % len(bodies)], connection)
                failed[0] += status != 200
            except OSError:
                connection.close()
                failed[0] += 1
            else:
                waits.append(time.perf_counter() - began)

    running = [threading.Thread(target=go_on, args=(start,)) for start in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    results.put((waits, failed[0]))  # type: ignore[attr-defined]


def load(pid: int, port: int, bodies: list[bytes], clients: int, seconds: float) -> Load:
    """What clients see that ask again and again."""
    before = processor_seconds(pid)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    shares = [min(_PER_PROCESS, clients - at) for at in range(0, clients, _PER_PROCESS)]
    processes = [
        context.Process(target=_client, args=(port, bodies, share, seconds, results)) for share in shares
    ]
    for one in processes:
        one.start()
    told = [results.get() for _ in processes]
    for one in processes:
        one.join()
    waits = sorted(wait for some, _ in told for wait in some)
    return Load(
        len(waits) / seconds,
        statistics.median(waits) * 1000,
        waits[int(len(waits) * 0.95)] * 1000,
        (processor_seconds(pid) - before) / len(waits) * 1000,
        sum(failed for _, failed in told),
    )


def processor_seconds(pid: int) -> float:
    """Processor time that a process and its children have taken."""
    times = [one.cpu_times() for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))]
    return sum(one.user + one.system for one in times)


def memory(pid: int) -> float:
    """Megabytes of a process and its children, shared pages counted once (PSS)."""
    total = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1000


@contextmanager
def serving(*command: object) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """A server in a process of its own; gives it, its port and the seconds until it was ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    words = [str(port) if word == "PORT" else str(word) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(port):
            time.sleep(0.02)
        yield process, port, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(60)


def _is_ready(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False


def agree(ours: int, plain: int, bodies: list[bytes]) -> tuple[int, float]:
    """How many photos get one name from both, and by how much their probabilities differ at most."""
    same, furthest = 0, 0.0
    for body in bodies:
        said = json.loads(ask(ours, body)[1])["predictions"][0]
        told = json.loads(ask(plain, body)[1])
        same += said["top1"] == told["label"]
        furthest = max(furthest, abs(said["probabilities"][0]["probability"] - max(told["shares"])))
    return same, furthest


def measure(run: Path, clients: list[int], seconds: float, rounds: int) -> None:
    """Prints the rows of one network."""
    bodies = [form(photo) for photo in photos()]
    with (
        serving(TAXOLENS, "serve", run / "model.onnx", "--port", "PORT", "--log-level", "error") as (
            us,
            ours,
            start,
        ),
        serving(sys.executable, "-m", "benchmarks.flask_peer", run, "PORT") as (them, plain, late),
    ):
        same, furthest = agree(ours, plain, bodies)
        print(f"{run.name}: {same} of {len(bodies)} photos named alike, probabilities within {furthest:.4f}")
        print(f"ready after: taxolens {start:.2f} s, Flask {late:.2f} s")
        for count in clients:
            told: dict[str, list[Load]] = {"taxolens": [], "Flask": []}
            for _ in range(rounds):
                for name, process, port in (("Flask", them, plain), ("taxolens", us, ours)):
                    load(process.pid, port, bodies, count, min(2.0, seconds))
                    told[name].append(load(process.pid, port, bodies, count, seconds))
            rates = {name: statistics.median(one.rate for one in loads) for name, loads in told.items()}
            for name, process in (("Flask", them), ("taxolens", us)):
                loads = told[name]
                print(
                    f"| {run.name} | {name} | {count} | {rates[name]:.1f} "
                    f"| {statistics.median(one.p50 for one in loads):.1f} "
                    f"| {statistics.median(one.p95 for one in loads):.1f} "
                    f"| {statistics.median(one.work for one in loads):.1f} "
                    f"| {memory(process.pid):.0f} | {sum(one.failed for one in loads)} "
                    f"| {rates[name] / rates['Flask']:.2f} |",
                    flush=True,
                )


def main() -> None:
    """Measures every run that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--clients", default="1,8,32")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    print(
        "| network | server | clients | requests/s | p50 ms | p95 ms | processor ms | MB (PSS) | failed | times Flask |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for run in asked.runs:
        measure(run, [int(one) for one in asked.clients.split(",")], asked.seconds, asked.rounds)


if __name__ == "__main__":
    main()
