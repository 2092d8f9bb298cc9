"""Labelled photos to a network trained with PyTorch, through a trainer that is handed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Part
from taxolens.core.texts import Say, noted
from taxolens.core.trainer import AnyTrainer, NetworkInput, TrainedNetwork, TrainingRequest
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.calibration import conformal_quantile, fit_temperature, unsure_threshold
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult
from taxolens.execution.local import default_workers, ordered_map
from taxolens.inference.session import Session
from taxolens.recipes.network import NetworkRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.detector_lesson import PHOTOS
from taxolens.workflows.divided import answers_on, doubts_of
from taxolens.workflows.lesson import load_photos
from taxolens.workflows.listener import Listener
from taxolens.workflows.network_lesson import (
    PIXELS,
    UNNAMED,
    NetworkLesson,
    fingerprint_of,
    prepare_network_lesson,
)
from taxolens.workflows.network_past import doubts_of_past
from taxolens.workflows.networks import resolve_network
from taxolens.workflows.stopwatch import Stopwatch
from taxolens.workflows.teacher_view import VIEW
from taxolens.workflows.tracking import Tracking
from taxolens.workflows.unnamed import unnamed_photos

_AHEAD = 16
_LOCK = "lock"
_FEWEST = 10
FEW = noted("There are too few photos to calibrate on, so take scores with a grain of salt.")


@dataclass(frozen=True, slots=True)
class Schooled:
    """Everything known at the end of a network's training, before it is written.

    Attributes:
        temperature: that makes its scores honest, chosen on validation.
        unsure: score below which the answer is "unsure".
        quantile: of the conformal sets.
        answers: on the photos that were held back.
        result: what these answers are worth.
    """

    recipe: TrainRecipe
    lesson: NetworkLesson
    network: TrainedNetwork
    temperature: float
    unsure: float
    quantile: float
    answers: Answers
    result: ClassificationResult


@contextmanager
def workplace(recipe: TrainRecipe) -> Iterator[Path]:
    """A folder beside the run that outlives a stop, and goes when all went well or nothing was learnt.

    Raises:
        UsageError: another training works there.
    """
    out = recipe.out.resolve()
    folder = out.with_name(f".{out.name}.taxolens-training")
    with told_as_output(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(
            "Another training is writing {out}. Wait until it is done, or name another --out.", out=recipe.out
        ) from error
    try:
        if recipe.restart:
            _empty(folder)
        yield folder
        _empty(folder)
    finally:
        # Decoded photos are many and quickly made again; what was learnt is kept.
        for pixels in (PIXELS, UNNAMED, VIEW):
            (folder / pixels).unlink(missing_ok=True)
        shutil.rmtree(folder / PHOTOS, ignore_errors=True)
        _leave(folder, lock)


def _leave(folder: Path, lock: FileLock) -> None:
    """Lets the next training in; where nothing is left, the folder goes while nobody else can be in it."""
    if {path.name for path in folder.iterdir()} <= {_LOCK}:
        # Some systems only let a file go once it is closed.
        with suppress(OSError):
            (folder / _LOCK).unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):
            (folder / _LOCK).unlink(missing_ok=True)
            folder.rmdir()
        return
    lock.release()


def school(
    recipe: TrainRecipe,
    folder: Path,
    *,
    home: Path,
    trainer: Callable[[str], AnyTrainer],
    listener: Listener,
    watch: Stopwatch,
    tracking: Tracking,
    say: Say,
) -> Schooled:
    """Trains and judges.

    Args:
        folder: where what a stopped training needs lies.
        trainer: gives the trainer of a method.
        tracking: is told of every epoch.
    """
    teacher = trainer(recipe.method)
    settings = resolve_network(recipe.network, recipe.method, home)
    # What can be refused is refused before the first photo is looked at.
    wanted = teacher.input_of(settings, ())
    lesson = look_at_photos(
        recipe, settings, wanted, folder, home=home, listener=listener, watch=watch, say=say
    )
    with watch.stage(noted("Training the network")):
        request = replace(request_of(recipe, settings, lesson, folder), watch=tracking.learnt)
        network = teacher.train(request, progress=listener, say=say)
    with watch.stage(noted("Judging")):
        return judged_network(recipe, lesson, network, listener, say)


def look_at_photos(
    recipe: TrainRecipe,
    settings: NetworkRecipe,
    wanted: NetworkInput,
    folder: Path,
    *,
    home: Path,
    listener: Listener,
    watch: Stopwatch,
    say: Say,
) -> NetworkLesson:
    """Everything that a network learns from and is judged on; what a reader of its figures should know is told.

    Args:
        settings: with the names of the recipe resolved.
        wanted: what the network wants to see.
        folder: where decoded photos lie while they are learnt from.
    """
    distill = settings.distill
    with watch.stage(noted("Reading the photos")):
        dataset = load_photos(recipe, home=home, progress=listener, say=say)
        photos = distill.photos if distill else None
        unnamed = unnamed_photos(photos, dataset, home=home, progress=listener, say=say)
    with watch.stage(noted("Looking at the photos")):
        lesson = prepare_network_lesson(
            recipe, dataset, wanted, folder, distill=distill, unnamed=unnamed, progress=listener, say=say
        )
    for doubt in (*doubts_of(lesson, say), *doubts_of_past(settings, lesson, say)):
        listener.note(doubt)
    return lesson


def request_of(
    recipe: TrainRecipe, settings: NetworkRecipe, lesson: NetworkLesson, folder: Path
) -> TrainingRequest[object]:
    """What a trainer is asked; of the photos that are held back it sees none."""
    return TrainingRequest(
        settings=settings,
        labels=lesson.labels,
        pixels=lesson.learnt_pixels,
        truth=lesson.learnt_truth,
        train=lesson.rows(Part.TRAIN),
        val=lesson.rows(Part.VAL),
        folder=folder,
        fingerprint=fingerprint_of(recipe, settings, lesson),
        unnamed=lesson.unnamed_rows,
        wide=lesson.view.pixels if lesson.view else None,
    )


def judged_network(
    recipe: TrainRecipe, lesson: NetworkLesson, network: TrainedNetwork, progress: Progress, say: Say
) -> Schooled:
    """Calibrates on validation, then judges on the photos that were held back."""
    val, test = lesson.rows(Part.VAL), lesson.rows(Part.TEST)
    logits = network.told.astype(np.float64)[: len(val)]
    enough = len(val) >= _FEWEST
    if not enough:
        progress.note(say(FEW))
    temperature = fit_temperature(logits, lesson.truth[val]) if enough else 1.0
    believed = softmax(logits / temperature)
    session = Session(network.onnx)
    workers = recipe.workers or default_workers()
    said = ordered_map(
        lambda row: session(lesson.pixels[row]), test.tolist(), workers=workers, window=workers * _AHEAD
    )
    table = np.array(list(progress.track(said, what=say("Judging"), total=len(test))), dtype=np.float64)
    answers = answers_on(lesson, test, softmax(table.reshape(-1, len(lesson.labels)) / temperature))
    quantile = conformal_quantile(believed, lesson.truth[val], recipe.coverage)
    result = judge(
        answers,
        precision=recipe.precision,
        temperature=temperature,
        conformal_quantile=quantile,
        conformal_coverage=recipe.coverage,
        seed=recipe.split.seed,
    )
    unsure = unsure_threshold(believed, lesson.truth[val], recipe.precision)
    return Schooled(recipe, lesson, network, temperature, unsure, quantile, answers, result)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of logits to rows of probabilities, float64 [n, c]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _LOCK:
            path.unlink(missing_ok=True)
