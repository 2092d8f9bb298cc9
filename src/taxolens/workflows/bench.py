"""How fast this machine names photos: several ways in turns, in one run. The page to read first.

sample -> (each way, a part of the photos, in turns) x rounds -> rates, ratios, agreement -> where the time goes
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from taxolens.core.errors import DataError, ImageError, MissingExtra, UsageError
from taxolens.core.peer import PeerMaker
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, noted, plain
from taxolens.imaging.container import opened
from taxolens.imaging.decode import decode
from taxolens.inference.predictor import Predictor, open_predictor, threads_for
from taxolens.inference.scan import scan
from taxolens.recipes.bench import BenchRecipe
from taxolens.storage.atomic import written_whole
from taxolens.workflows.bench_stages import Stages, measure_stages
from taxolens.workflows.bench_ways import Runner, Task, Turn, Way
from taxolens.workflows.run_folder import MODEL, WEIGHTS, write_json

_WARM_UP, _STAGED = 4, 40
_MILLION = 1_000_000
_NO_WEIGHTS = noted(
    "PyTorch's own way is left out: {model} is no run of a network. Name a run that train --method finetune or "
    "scratch left."
)
_LEFT_OUT = noted("PyTorch's own way is left out: {why}")
_MEASURING = noted("Measuring")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a way took; medians over rounds, with the smallest and the largest.

    Attributes:
        rate: photos a second.
        slowest: of any round.
        fastest: of any round.
        processor: milliseconds of all processors for a photo.
        megabytes: most memory that its process held; None where the system does not tell.
        times: how many times as fast as the plainest way there is.
        times_low: of any round.
        times_high: of any round.
        times_processor: how many times less processor time than the plainest way.
        agreement: share of photos with the same best class as the plainest way, 0..1.
    """

    way: Way
    rate: float
    slowest: float
    fastest: float
    processor: float
    megabytes: float | None
    times: float
    times_low: float
    times_high: float
    times_processor: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement of this machine.

    Attributes:
        model: its name.
        photos: how many were named by every way.
        megapixels: median size of a photo.
        workers: photos that our way worked on at once.
        ways: the plainest first.
        stages: where our way's time goes, on one thread.
        bound: photos a second that decoding, resizing and the network alone allow with so many workers.
    """

    model: str
    machine: str
    photos: int
    megapixels: float
    workers: int
    ways: tuple[Measured, ...]
    stages: Stages
    bound: float

    def document(self) -> dict[str, Any]:
        """The figures, for a file."""
        return {**asdict(self), "ways": [{**asdict(one), "way": one.way.value} for one in self.ways]}

    def markdown(self) -> str:
        """A table for a page of documentation."""
        lines = [
            "| way | photos a second (range of rounds) | times as fast | ms of processor | peak MB | same answer |",
            "|---|---|---|---|---|---|",
        ]
        for one in self.ways:
            memory = f"{one.megabytes:.0f}" if one.megabytes else ""
            lines.append(
                f"| {one.way.value} | {one.rate:.1f} ({one.slowest:.1f}-{one.fastest:.1f}) | {one.times:.2f} "
                f"({one.times_low:.2f}-{one.times_high:.2f}) | {one.processor:.1f} | {memory} | {one.agreement:.4f} |"
            )
        parts = ", ".join(f"{name} {value:.2f}" for name, value in asdict(self.stages).items())
        ours = next(one.rate for one in self.ways if one.way is Way.OURS)
        told = f"{self.photos} photos of {self.megapixels:.1f} megapixels, {self.workers} workers, {self.machine}."
        share = f"Milliseconds of a photo: {parts}; {ours / self.bound:.0%} of what decoding and the network allow."
        return "\n".join((*lines, "", told, share, ""))


def bench(
    recipe: BenchRecipe, *, peers: Callable[[], PeerMaker], progress: Progress | None = None, say: Say = plain
) -> Benchmark:
    """Measures the ways that can be measured here.

    Args:
        peers: gives what opens networks in PyTorch's own way; called in a process of its own, so a function
            of a module.

    Raises:
        UsageError: a recipe that cannot be meant.
        DataError: no photo can be read.
        ModelError: the model cannot be used.
        OutputError: a file cannot be written.
    """
    progress = progress or Silent()
    model, weights = _model_of(recipe.model)
    workers = threads_for(recipe.workers)
    predictor = open_predictor(model, recipe.engine, calls=workers)
    if recipe.variant:
        _check_variant(predictor, recipe.variant)
    photos, megapixels = _sample(recipe, predictor)
    variant = recipe.variant.resolve() if recipe.variant else None
    task = Task(model.resolve(), weights, workers, recipe.max_megapixels, peers, variant, recipe.engine)
    turns = _take_turns(task, photos, recipe.rounds, progress, say)
    stages = measure_stages(predictor, photos[:_STAGED], max_megapixels=recipe.max_megapixels)
    found = Benchmark(
        model=predictor.card.name,
        machine=f"{platform.machine()}, {threads_for(0)} processors",
        photos=len(photos),
        megapixels=megapixels,
        workers=workers,
        ways=_measured(turns, photos, recipe.rounds),
        stages=stages,
        bound=1000 * workers / stages.needed,
    )
    _write(found, recipe)
    return found


def _check_variant(predictor: Predictor, variant: Path) -> None:
    if open_predictor(variant).labels != predictor.labels:
        raise UsageError(
            "{variant} does not name the classes of the model, in their order. Name a variant that was made of it.",
            variant=variant,
        )


def _model_of(named: Path) -> tuple[Path, Path | None]:
    model = named / MODEL if named.is_dir() else named
    weights = model.with_name(WEIGHTS)
    return model, weights.resolve() if weights.is_file() else None


def _sample(recipe: BenchRecipe, predictor: Predictor) -> tuple[list[Path], float]:
    """Photos that can be read, spread over the folder and read once, lest the first way wait for the disk."""
    if not recipe.photos.exists():
        raise UsageError("There is no photo and no folder {photos}. Check the path.", photos=recipe.photos)
    found = [photo.path for photo in scan(recipe.photos)]
    most = min(recipe.most, len(found))
    kept, sizes = [], []
    for place in range(most):
        path = found[place * len(found) // most]
        with suppress(ImageError):
            decode(path, predictor.card.preprocess, max_megapixels=recipe.max_megapixels)
            kept.append(path)
            with opened(path, max_megapixels=recipe.max_megapixels) as image:
                sizes.append(image.width * image.height / _MILLION)
    if len(kept) < recipe.rounds:
        raise DataError(
            "{photos} holds {n} photos that can be read, fewer than there are rounds. Name more, or lower --rounds.",
            photos=recipe.photos,
            n=len(kept),
        )
    return kept, median(sizes)


def _take_turns(
    task: Task, photos: Sequence[Path], rounds: int, progress: Progress, say: Say
) -> dict[Way, list[Turn]]:
    with ExitStack() as stack:
        runners = [stack.enter_context(runner) for runner in _runners(task, progress, say)]
        for runner in runners:
            runner.run(list(islice(photos, _WARM_UP)))
        turns: dict[Way, list[Turn]] = {runner.way: [] for runner in runners}
        for number in progress.track(range(rounds), what=say(_MEASURING), total=rounds):
            part = photos[number::rounds]
            first = number % len(runners)
            for runner in (*runners[first:], *runners[:first]):
                turns[runner.way].append(runner.run(part))
    return turns


def _runners(task: Task, progress: Progress, say: Say) -> list[Runner]:
    runners = []
    if task.weights is None:
        progress.note(say(_NO_WEIGHTS).format(model=task.model))
    else:
        try:
            runners.append(Runner(Way.TORCH, task))
        except MissingExtra as error:
            progress.note(say(_LEFT_OUT).format(why=error.told(say)))
    ours = [Way.ONNX, Way.OURS, *([Way.VARIANT] if task.variant else [])]
    return [*runners, *(Runner(way, task) for way in ours)]


def _measured(turns: dict[Way, list[Turn]], photos: Sequence[Path], rounds: int) -> tuple[Measured, ...]:
    sizes = [len(photos[number::rounds]) for number in range(rounds)]
    plainest = next(iter(turns.values()))
    found = []
    for way, own in turns.items():
        rates = [size / turn.seconds for size, turn in zip(sizes, own, strict=True)]
        times = [first.seconds / turn.seconds for first, turn in zip(plainest, own, strict=True)]
        work = [
            first.processor / max(turn.processor, 1e-9) for first, turn in zip(plainest, own, strict=True)
        ]
        pairs = [
            (a, b)
            for first, turn in zip(plainest, own, strict=True)
            for a, b in zip(first.best, turn.best, strict=True)
        ]
        found.append(
            Measured(
                way,
                median(rates),
                min(rates),
                max(rates),
                1000 * median(turn.processor / size for size, turn in zip(sizes, own, strict=True)),
                max((turn.megabytes for turn in own if turn.megabytes), default=None),
                median(times),
                min(times),
                max(times),
                median(work),
                sum(a == b for a, b in pairs) / len(pairs),
            )
        )
    return tuple(found)


def _write(found: Benchmark, recipe: BenchRecipe) -> None:
    if recipe.json:
        write_json(recipe.json, found.document())
    if recipe.markdown:
        with written_whole(recipe.markdown) as file:
            file.write(found.markdown().encode())
