"""Desks whose processes are stopped and killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from taxolens.core.errors import ModelError
from taxolens.core.records import Status
from taxolens.server.faults import TooLate, WorkerDied
from taxolens.server.memory import memory_of
from taxolens.server.model_desk import ModelDesk
from taxolens.server.open_desk import open_desk
from taxolens.server.work import Named, PhotoWork
from tests.unit.inference.colour_model import write_colour_model
from tests.unit.server.desks import ask, opened, photo, score, slow_photo, until, write_constant, write_sharp

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked at in /proc")


def nurseries() -> list[psutil.Process]:
    """What a desk of this process started; other tests may have children too."""
    return [child for child in psutil.Process().children() if "taxolens.server" in _command(child)]


def _command(process: psutil.Process) -> str:
    """How a process was started; nothing of one that has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def workers() -> list[int]:
    """The workers of this process."""
    (nursery,) = nurseries()
    return sorted(child.pid for child in nursery.children())


async def running(desk: ModelDesk, count: int) -> None:
    """Waits until so many pieces of work are at workers."""

    async def so() -> bool:
        return (await desk.load_now()).running == count

    await until(so)


async def at_work(pids: list[int]) -> int:
    """The worker that has taken up a large photo."""
    before = {pid: psutil.Process(pid).memory_info().rss for pid in pids}
    busy: list[int] = []

    def grown() -> bool:
        busy[:] = [pid for pid in pids if psutil.Process(pid).memory_info().rss > before[pid] + 100_000_000]
        return bool(busy)

    await until(grown)
    return busy[0]


def test_a_worker_killed_at_its_work_is_one_failed_request(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def killed() -> None:
        async with opened(open_desk, file, workers=2) as desk:
            large = asyncio.create_task(ask(desk, slow_photo()))
            jobs = [asyncio.create_task(ask(desk, photo(tmp_path))) for _ in range(20)]
            os.kill(await at_work(workers()), signal.SIGKILL)
            with pytest.raises(WorkerDied):
                await large
            assert {one.version for one in await asyncio.gather(*jobs)} == {"1"}
            assert desk.ready
            await until(lambda: len(workers()) == 2)
            assert (await desk.load_now()).restarts == 1

    asyncio.run(killed())


def test_work_that_a_worker_had_not_taken_up_when_it_died_is_done_by_another(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def killed() -> None:
        async with opened(open_desk, file, workers=2) as desk:
            victim, other = workers()
            for pid in (victim, other):
                os.kill(pid, signal.SIGSTOP)
            jobs = [asyncio.create_task(ask(desk, photo(tmp_path))) for _ in range(8)]
            await running(desk, 2)
            os.kill(victim, signal.SIGKILL)
            os.kill(other, signal.SIGCONT)
            assert {one.version for one in await asyncio.gather(*jobs)} == {"1"}

    asyncio.run(killed())


def test_workers_killed_while_idle_cost_no_request(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def killed() -> None:
        async with opened(open_desk, file, workers=2) as desk:
            for pid in workers():
                os.kill(pid, signal.SIGKILL)
            assert score(await ask(desk, photo(tmp_path))) > 0.9

    asyncio.run(killed())


def test_the_process_that_forks_may_die_too(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def killed() -> None:
        async with opened(open_desk, file, workers=1) as desk:
            (nursery,) = nurseries()
            (worker,) = nursery.children()
            nursery.kill()
            assert score(await ask(desk, photo(tmp_path))) > 0.9
            worker.kill()
            assert score(await ask(desk, photo(tmp_path))) > 0.9
            assert (await desk.load("colours")).version == "2"

    asyncio.run(killed())


def test_a_photo_that_hangs_costs_its_worker_and_nothing_else(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def hanging() -> None:
        async with opened(open_desk, file, workers=1, seconds=1.0) as desk:
            (pid,) = workers()
            os.kill(pid, signal.SIGSTOP)
            with pytest.raises(TooLate, match="longer than 1 seconds"):
                await ask(desk, photo(tmp_path))
            assert score(await ask(desk, photo(tmp_path))) > 0.9
            assert not psutil.pid_exists(pid)

    asyncio.run(hanging())


def test_a_photo_that_needs_more_memory_than_it_may_is_one_failed_answer(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def bomb() -> None:
        async with opened(open_desk, file, workers=1, memory=64 * 1024**2) as desk:
            said = (await ask(desk, slow_photo(6000))).result
            assert isinstance(said, Named)
            assert said.prediction.status is Status.FAILED
            assert said.prediction.failure is not None
            assert said.prediction.failure.code == "too_large"
            assert score(await ask(desk, photo(tmp_path))) > 0.9
            assert (await desk.load_now()).restarts == 0

    asyncio.run(bomb())


def test_what_decoders_say_of_damaged_photos_does_not_fill_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path
    drawn = BytesIO()
    Image.fromarray(np.arange(30000, dtype=np.uint8).reshape(100, 100, 3)).save(
        drawn, "TIFF", compression="tiff_lzw"
    )
    damaged = bytearray(drawn.getvalue())
    damaged[2000:2100] = b"\xff" * 100

    async def asked() -> None:
        async with opened(open_desk, file, workers=1) as desk:
            said = (await ask(desk, PhotoWork(bytes(damaged)))).result
            assert isinstance(said, Named)
            assert said.prediction.status is Status.FAILED

    asyncio.run(asked())
    assert capfd.readouterr().err == ""


def mutated(count: int) -> Iterator[bytes]:
    """Photos with some wrong bytes, cut short or with bytes too many."""
    chance, whole = random.Random(count), []
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"):
        file = BytesIO()
        Image.effect_noise((80, 60), 50).convert("RGB").save(file, kind)
        whole.append(file.getvalue())
    for _ in range(count):
        photo = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 3, 10, 50))):
            photo[chance.randrange(min(len(photo), chance.choice((64, 400, len(photo)))))] = chance.randrange(
                256
            )
        cut = chance.randrange(len(photo))
        yield bytes(
            chance.choice((photo, photo, photo[:cut], photo[:cut] + chance.randbytes(8) + photo[cut:]))
        )


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_damaged_photos_are_answers_and_end_no_worker(tmp_path: Path, count: int) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def asked() -> None:
        async with opened(open_desk, file, workers=2) as desk:
            photos = mutated(count)
            said: list[Status] = []

            async def client() -> None:
                for one in photos:
                    result = (await ask(desk, PhotoWork(one))).result
                    assert isinstance(result, Named)
                    said.append(result.prediction.status)

            await asyncio.gather(*(client() for _ in range(6)))
            assert len(said) == count
            assert count / 10 < said.count(Status.FAILED) < count
            assert (await desk.load_now()).restarts == 0

    asyncio.run(asked())


def test_memory_is_shared_among_workers(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def looked() -> None:
        async with opened(open_desk, file, workers=3) as desk:
            pids = workers()
            resident = sum(psutil.Process(pid).memory_info().rss for pid in pids)
            assert memory_of(pids) - memory_of([]) < resident / 2
            assert (await desk.load_now()).memory < resident + psutil.Process().memory_info().rss

    asyncio.run(looked())


_SERVER = """
import asyncio, os, signal, sys
from pathlib import Path
import psutil
from taxolens.server.open_desk import open_desk
from taxolens.server.options import DeskOptions, NamedFile

async def main():
    desk = open_desk(DeskOptions((NamedFile(Path(sys.argv[1])),), workers=2))
    await desk.start()
    family = psutil.Process().children(recursive=True)
    os.kill(family[-1].pid, signal.SIGSTOP)
    print(*(one.pid for one in family), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_a_server_that_is_killed_leaves_neither_processes_nor_files(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _SERVER, str(file)],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 3
    until_then = time.monotonic() + 30
    while any(map(_lives, pids)) or list(temporary.glob("taxolens-*")):
        assert time.monotonic() < until_then, pids
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != "zombie"
    except psutil.NoSuchProcess:
        return False


def test_closing_leaves_neither_processes_nor_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    async def closed() -> None:
        async with opened(open_desk, file, workers=2):
            assert len(list(temporary.iterdir())) == 1
        assert not nurseries()

    asyncio.run(closed())
    assert not list(temporary.iterdir())


def test_loading_leaves_copies_of_nothing_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    async def loaded() -> None:
        async with opened(open_desk, file, workers=1) as desk:
            await desk.load("colours")
            write_constant(file, [0.5, 0.5, 0.5])
            with pytest.raises(ModelError):
                await desk.load("colours")
            await until(lambda: len(list(temporary.glob("*/*"))) == 1)
            assert desk.find().version == "2"

    asyncio.run(loaded())


@pytest.mark.parametrize("reloads", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_reloads_under_load_fail_no_request_and_mix_no_answers(tmp_path: Path, reloads: int) -> None:
    file = write_sharp(tmp_path / "model.onnx", 0.01)
    sure = {}

    async def loaded() -> None:
        async with opened(open_desk, file, workers=2) as desk:
            work, stop = photo(tmp_path), asyncio.Event()
            sure[1] = score(await ask(desk, work))

            async def client() -> list[tuple[str, float]]:
                said = []
                while not stop.is_set():
                    answer = await ask(desk, work)
                    said.append((answer.version, score(answer)))
                return said

            clients = [asyncio.create_task(client()) for _ in range(8)]
            for number in range(reloads):
                write_sharp(file, 0.01 if number % 2 else 0.02)
                await desk.load("colours")
                if number == 0:
                    sure[0] = score(await ask(desk, work))
            stop.set()
            said = [one for task in clients for one in await task]
            assert sure[0] > sure[1] + 0.01
            assert {version for version, _ in said} >= {"1", "2", str(reloads)}
            assert all(found == sure[int(version) % 2] for version, found in said)
            assert (await desk.load_now()).restarts == 0

    asyncio.run(loaded())


def test_a_reload_survives_a_worker_that_is_killed_meanwhile(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def killed() -> None:
        async with opened(open_desk, file, workers=2) as desk:
            victim = workers()[1]
            os.kill(victim, signal.SIGSTOP)
            loading = asyncio.create_task(desk.load("colours"))
            await asyncio.sleep(0.3)
            assert not loading.done()
            os.kill(victim, signal.SIGKILL)
            assert (await loading).version == "2"
            said = await asyncio.gather(*(ask(desk, photo(tmp_path)) for _ in range(6)))
            assert {one.version for one in said} == {"2"}

    asyncio.run(killed())


def test_the_server_itself_loads_nothing_that_runs_models() -> None:
    code = "import sys, taxolens.server.open_desk; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    heavy = {"onnxruntime", "google.protobuf", "taxolens.inference.session", "torch"}
    assert not heavy & set(done.stdout.split())


def test_a_file_that_is_no_model_keeps_the_desk_from_opening_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"\x08\x07 not much")

    async def refused() -> None:
        with pytest.raises(ModelError, match="model.onnx"):
            async with opened(open_desk, tmp_path / "model.onnx", workers=1):
                pass
        assert not nurseries()

    asyncio.run(refused())
