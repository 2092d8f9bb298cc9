"""The line and the workers, with workers that do as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from taxolens.core.errors import ModelError
from taxolens.recipes.tile import TileRecipe
from taxolens.server.admitted import Admitted, Described
from taxolens.server.done import Done
from taxolens.server.faults import Busy, NotReady, TooLate, WorkerDied
from taxolens.server.kept import Kept, Source
from taxolens.server.pool import Pool
from taxolens.server.work import PhotoWork, Raw, Work
from taxolens.server.worker import Died, NotBegun
from tests.unit.inference.colour_model import card

KEPT = Kept(Path("nowhere"), "0" * 64, TileRecipe())
ADMITTED = Admitted(KEPT, Described("0" * 64, card(), "classify", (), ()), "proof")


class PuppetWorker:
    """Works until it is told what comes of it."""

    def __init__(self, made: list[PuppetWorker], proof: str = "proof") -> None:
        made.append(self)
        self.pid = len(made)
        self.held: set[int] = set()
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.given: list[str] = []
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.proof = proof
        self.ended = False

    async def admit(self, source: Source, folder: Path) -> Admitted:
        await asyncio.sleep(0)
        if source.path.name == "deadly":
            raise Died("died")
        return ADMITTED

    async def open(self, number: int, kept: Kept) -> str:
        await asyncio.sleep(0)
        self.held.add(number)
        return self.proof

    async def drop(self, number: int) -> None:
        self.held.discard(number)

    async def answer(self, number: int, work: Work) -> Done:
        assert number in self.held
        assert isinstance(work, PhotoWork)
        if self.gone.done():
            raise NotBegun("dead")
        self.given.append(work.name)
        result, self.outcome = await self.outcome, asyncio.get_running_loop().create_future()
        if result == "died":
            raise Died("died")
        return Done(Raw(np.zeros(1, np.float32)), 0.0, 0.0)

    async def end(self) -> None:
        self.ended = True


def played(
    play: Callable[[Pool, list[PuppetWorker]], Awaitable[None]],
    *,
    workers: int = 1,
    max_queue: int = 2,
    seconds: float = 60,
    proofs: tuple[str, ...] = (),
) -> None:
    """Runs a pool of puppets that hold model 1."""

    async def run() -> None:
        made: list[PuppetWorker] = []

        async def start() -> PuppetWorker:
            return PuppetWorker(made, proofs[len(made)] if len(made) < len(proofs) else "proof")

        pool = Pool(start, workers=workers, max_queue=max_queue, seconds=seconds)
        pool.begin()
        try:
            await pool.open(1, ADMITTED)
            await play(pool, made)
        finally:
            await pool.close(patience=0)
        assert all(worker.ended for worker in made)

    asyncio.run(run())


def asked(pool: Pool, name: str, deadline: float = 60) -> asyncio.Task[object]:
    """A job that is under way."""
    return asyncio.create_task(pool.do(1, PhotoWork(b"", name), deadline=deadline))  # type: ignore[arg-type]


async def settled() -> None:
    """Lets everything happen that can."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_who_comes_first_is_served_first_and_who_finds_no_place_is_told_at_once() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        tasks = [asked(pool, name) for name in "abc"]
        await settled()
        assert (pool.running, pool.waiting) == (1, 2)
        with pytest.raises(Busy, match="2 photos wait"):
            await asked(pool, "d")
        for _ in range(3):
            made[0].outcome.set_result("well")
            await settled()
        assert made[0].given == ["a", "b", "c"]
        assert all(task.done() for task in tasks)
        assert (pool.running, pool.waiting) == (0, 0)

    played(play)


def test_without_a_queue_only_idle_workers_take_work() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        first = asked(pool, "a")
        await settled()
        with pytest.raises(Busy):
            await asked(pool, "b")
        made[0].outcome.set_result("well")
        await first

    played(play, max_queue=0)


def test_work_that_nobody_waits_for_any_more_is_never_begun() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        first, late, left, last = (
            asked(pool, "a"),
            asked(pool, "late", 0.01),
            asked(pool, "left"),
            asked(pool, "z"),
        )
        await settled()
        left.cancel()
        with pytest.raises(TooLate):
            await late
        made[0].outcome.set_result("well")
        await first
        await settled()
        made[0].outcome.set_result("well")
        await last
        assert made[0].given == ["a", "z"]

    played(play, max_queue=3)


def test_work_whose_asker_left_while_it_was_done_is_finished_for_nobody() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        left = asked(pool, "a")
        await settled()
        left.cancel()
        await settled()
        assert pool.running == 1
        made[0].outcome.set_result("well")
        await settled()
        assert pool.running == 0
        assert pool.restarts == 0

    played(play)


def test_a_worker_that_dies_at_its_work_fails_that_work_alone_and_is_replaced() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        deadly, waiting = asked(pool, "deadly"), asked(pool, "waiting")
        await settled()
        made[0].outcome.set_result("died")
        with pytest.raises(WorkerDied):
            await deadly
        await settled()
        assert pool.alive
        await asyncio.sleep(0.01)
        await settled()
        made[1].outcome.set_result("well")
        await waiting
        assert (made[0].given, made[1].given, pool.restarts) == (["deadly"], ["waiting"], 1)
        assert made[1].held == {1}

    played(play)


def test_a_worker_that_dies_idle_fails_nobody() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        await settled()
        made[0].gone.set_result(None)
        job = asked(pool, "a")
        await asyncio.sleep(0.05)
        made[1].outcome.set_result("well")
        await job
        assert (pool.restarts, made[0].given, made[1].given) == (1, [], ["a"])

    played(play)


def test_work_that_takes_too_long_costs_its_worker() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        endless = asked(pool, "endless")
        with pytest.raises(TooLate, match="longer than 0.05 seconds"):
            await endless
        await asyncio.sleep(0.05)
        assert made[0].ended
        assert pool.restarts == 1
        assert len(made) == 2

    played(play, seconds=0.05)


def test_a_worker_that_answers_otherwise_keeps_a_model_from_being_served() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        made[1].proof = "another"
        with pytest.raises(ModelError, match="differently"):
            await pool.open(2, ADMITTED)
        await settled()
        assert [worker.held for worker in made] == [{1}, {1}]

    played(play, workers=2)


def test_a_model_that_ends_the_process_that_tries_it_is_an_error_of_its_own() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        with pytest.raises(ModelError, match="ended the process"):
            await pool.admit(Source(Path("deadly"), None, TileRecipe()), Path("folder"))
        assert made[-1].ended
        assert pool.restarts == 0

    played(play)


def test_closing_finishes_what_is_there_and_refuses_what_comes() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        first, second = asked(pool, "a"), asked(pool, "b")
        await settled()
        closing = asyncio.create_task(pool.close(patience=60))
        await settled()
        with pytest.raises(NotReady):
            await asked(pool, "c")
        assert pool.alive
        for _ in range(2):
            made[0].outcome.set_result("well")
            await settled()
        await asyncio.gather(first, second, closing)
        assert not pool.alive

    played(play)


def test_closing_without_patience_tells_everybody() -> None:
    async def play(pool: Pool, made: list[PuppetWorker]) -> None:
        jobs = [asked(pool, "a"), asked(pool, "b")]
        await settled()
        await pool.close(patience=0)
        for job in jobs:
            with pytest.raises(NotReady):
                await job

    played(play)
