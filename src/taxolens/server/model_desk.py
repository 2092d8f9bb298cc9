"""The desk itself: versions come and go while work is answered."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from taxolens.core.errors import ModelError, TaxolensError
from taxolens.server.admitted import Admitted
from taxolens.server.desk import Load, Served, State
from taxolens.server.faults import NotReady
from taxolens.server.kept import FileState, Source, state_of
from taxolens.server.memory import memory_of
from taxolens.server.options import DeskOptions, NamedFile
from taxolens.server.pool import Pool
from taxolens.server.register import Register
from taxolens.server.tensor_check import check_tensor
from taxolens.server.watch import Watch
from taxolens.server.work import Answer, TensorWork, Work

log = logging.getLogger(__name__)

LINGER = 1.0
"""Seconds that a version stays at hand once another answers, for those who found it and ask only now."""

_LOOK = 0.05
"""Seconds between two looks whether a version is still asked."""

PIPELINE = ".toml"
"""What `taxolens.modelfile.pipeline` calls its files; the room that opens them is for workers alone."""

_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


class ModelDesk:
    """Answers work with the models of its options; see `taxolens.server.desk.Desk`.

    Args:
        options: what is served.
        pool: does the work.
        folder: for copies of models; goes in the end.
        others: pids of processes beside this one and the workers, whose memory counts.
        finish: called at the very end.
    """

    def __init__(
        self,
        options: DeskOptions,
        pool: Pool,
        folder: Path,
        *,
        others: Callable[[], tuple[int, ...]] = tuple,
        finish: Callable[[], None] = lambda: None,
    ) -> None:
        self.options = options
        self._pool = pool
        self._others = others
        self._finish = finish
        self._register = Register(options.aliases, keep=options.keep_versions)
        self._sources: dict[str, Source] = {}
        self._tried: dict[str, FileState | None] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._asked: Counter[int] = Counter()
        self._next = count(1)
        self._loading = asyncio.Lock()
        self._folder = folder
        self._folders: dict[int, Path] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._ready = False

    @property
    def alive(self) -> bool:
        """See `Desk.alive`."""
        return self._pool.alive

    @property
    def ready(self) -> bool:
        """See `Desk.ready`."""
        return self._ready and self.alive

    async def start(self) -> None:
        """Loads the models of the options.

        Raises:
            UsageError: two have one name, or an alias means none.
            ModelError: a file cannot be used; says why.
        """
        self._pool.begin()
        for file in self.options.models:
            await self._load_first(file)
        self._register.check_aliases()
        self._ready = True
        if self.options.watch:
            self._errand(self._watch(self.options.watch))

    def models(self) -> tuple[Served, ...]:
        """See `Desk.models`."""
        return tuple(self._register)

    def find(self, name: str | None = None, version: str | None = None) -> Served:
        """See `Desk.find`."""
        return self._register.find(name, version)

    @contextmanager
    def hold(self, name: str | None = None, version: str | None = None) -> Iterator[Served]:
        """See `Desk.hold`."""
        served = self.find(name, version)
        number = self._number(served)
        self._asked[number] += 1
        try:
            yield served
        finally:
            self._asked[number] -= 1

    async def ask(self, model: Served, work: Work, *, deadline: float) -> Answer:
        """See `Desk.ask`."""
        if isinstance(work, TensorWork):
            check_tensor(model, work)
        number = self._number(model)
        self._asked[number] += 1
        try:
            worked = await self._pool.do(number, work, deadline=deadline)
        finally:
            self._asked[number] -= 1
        done = worked.done
        return Answer(done.result, model.name, model.version, worked.waited, done.seconds, done.decoding)

    async def load(self, name: str) -> Served:
        """See `Desk.load`."""
        name = self._register.name_of(name)
        async with self._loading:
            last = self._register.last(name)
            if last is None:
                raise NotReady("The model {name} is being loaded. Ask again soon.", name=name)
            version = self._register.number(name)
            coming = replace(last, version=version, sha256="", state=State.LOADING, reason="", aliases=())
            self._register.put(coming)
            try:
                self._tried[name] = state_of(self._sources[name])
                admitted = await self._admitted(self._sources[name])
                return await self._take_up(name, version, admitted)
            except TaxolensError as error:
                self._register.put(replace(coming, state=State.FAILED, reason=error.told()))
                log.error("The model %s could not be loaded: %s", name, error)
                if isinstance(error, ModelError):
                    raise
                raise ModelError(
                    "The model {name} cannot be used: {why}", name=name, why=error.told()
                ) from error
            except BaseException:
                self._register.put(replace(coming, state=State.FAILED, reason="Its loading was broken off."))
                raise

    async def unload(self, name: str) -> None:
        """See `Desk.unload`."""
        name = self._register.name_of(name)
        async with self._loading:
            gone = self._register.retire(name)
        await asyncio.gather(*(self._let_go(served, 0.0) for served in gone))

    async def load_now(self) -> Load:
        """See `Desk.load_now`."""
        pool = self._pool
        memory = await asyncio.to_thread(memory_of, (*pool.pids, *self._others()))
        return Load(pool.waiting, pool.running, len(pool.pids), pool.restarts, memory)

    async def close(self, *, patience: float) -> None:
        """See `Desk.close`."""
        self._ready = False
        await self._pool.close(patience=patience)
        for errand in list(self._errands):
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        await asyncio.to_thread(self._finish)
        await _removed(self._folder)

    async def _load_first(self, file: NamedFile) -> None:
        source = Source(file.path, self.options.detector, self.options.tile)
        state = state_of(source)
        admitted = await self._admitted(source)
        name = file.name or _name_of(file.path, admitted)
        self._register.add(name)
        self._sources[name], self._tried[name] = source, state
        await self._take_up(name, self._register.number(name), admitted, together=True)

    async def _admitted(self, source: Source) -> Admitted:
        folder = self._folder / str(next(self._next))
        try:
            return await self._pool.admit(source, folder)
        except BaseException:
            self._errand(_removed(folder))
            raise

    async def _take_up(
        self, name: str, version: str, admitted: Admitted, *, together: bool = False
    ) -> Served:
        """Has all workers hold a version, and then it answers, at once for all."""
        number, said = next(self._next), admitted.described
        self._numbers[name, version], self._folders[number] = number, admitted.kept.path.parent
        try:
            await self._pool.open(number, admitted, together=together)
        except BaseException:
            del self._numbers[name, version]
            self._errand(self._drop(number))
            raise
        served = Served(
            name, version, admitted.kept.sha256, said.card, said.kind, said.inputs, said.outputs, State.READY
        )
        for old in self._register.put(served):
            self._errand(self._let_go(old, LINGER))
        return self._register.find(name, version)

    async def _let_go(self, served: Served, linger: float) -> None:
        """Has the workers drop a version once nobody asks it any more."""
        number = self._number(served)
        await asyncio.sleep(linger)
        while self._asked[number]:
            await asyncio.sleep(_LOOK)
        del self._numbers[served.name, served.version]
        await self._drop(number)

    async def _drop(self, number: int) -> None:
        await self._pool.drop(number)
        self._asked.pop(number, None)
        folder = self._folders.pop(number, None)
        if folder is not None:
            await _removed(folder)

    def _number(self, served: Served) -> int:
        number = self._numbers.get((served.name, served.version))
        if number is None:
            raise NotReady(
                "Version {version} of the model {name} does not answer any more. Ask the newest.",
                version=served.version,
                name=served.name,
            )
        return number

    async def _watch(self, seconds: float) -> None:
        watch = Watch(self._sources, self._tried)
        while True:
            await asyncio.sleep(seconds)
            for name in await asyncio.to_thread(watch.due):
                with suppress(TaxolensError):  # load has told it
                    await self.load(name)

    def _errand(self, coroutine: Coroutine[object, object, None]) -> None:
        """Does something beside."""
        task = asyncio.create_task(coroutine)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


async def _removed(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _name_of(file: Path, admitted: Admitted) -> str:
    """What requests call a model that was given no name: as its card says, as far as an address can hold that."""
    said = file.stem if file.suffix.lower() == PIPELINE else admitted.described.card.name
    return _NOT_IN_A_NAME.sub("-", said).strip("-.") or "model"
