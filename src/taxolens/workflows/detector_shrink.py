"""A trained detector to a smaller and faster one that is kept only if it pays.

the run's own photos, divided as there -> pruned and taught in steps -> judged and timed beside the original -> run
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import onnx

from taxolens.core.detection_trainer import AnyDetectionTrainer
from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Part
from taxolens.core.texts import Say, noted, plain
from taxolens.data.dataset import Dataset
from taxolens.evaluation.detection.answers import BoxAnswers, gathered
from taxolens.evaluation.detection.judge import judge_boxes
from taxolens.evaluation.detection.paired import compare_boxes
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.write import write_model
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.shrink import RecoveryRecipe, ShrinkRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.compare_speed import measure_speeds
from taxolens.workflows.detection_model import scenes_of, unhesitating
from taxolens.workflows.detector_lesson import DetectorLesson, prepare_detector_lesson
from taxolens.workflows.detector_original import DetectorOriginal, read_detector_original
from taxolens.workflows.detector_run import write_detector_run
from taxolens.workflows.detector_shrink_steps import Shrunk, shrunk_detector
from taxolens.workflows.detector_training import SchooledDetector, judged_detector
from taxolens.workflows.listener import Listener
from taxolens.workflows.network_training import workplace
from taxolens.workflows.run_folder import check_free, run_folder
from taxolens.workflows.shrink import ShrinkSummary
from taxolens.workflows.shrink_facts import Contender, ShrinkFacts
from taxolens.workflows.shrink_original import divided_as_before
from taxolens.workflows.shrink_worth import check_worth
from taxolens.workflows.stopwatch import Stopwatch

_UNHEEDED = MappingProxyType(
    {
        "augment": "--augment",
        "temperature": "--distill-temperature",
        "hints": "--distill-hints",
        "precision": "--numbers",
    }
)


def shrink_detector(
    recipe: ShrinkRecipe,
    *,
    home: Path,
    trainer: Callable[[str], AnyDetectionTrainer],
    progress: Progress | None = None,
    say: Say = plain,
) -> ShrinkSummary:
    """Makes a detector smaller as the recipe says.

    Args:
        home: the user's Taxolens folder, for caches.
        trainer: gives what trains detectors, by the library's name.

    Raises:
        UsageError: a recipe that cannot be meant, no run, or a network that cannot become so small.
        DataError: other photos than those of the run.
        ModelError: a model without weights.
        MissingExtra: the library that trained it, or what takes channels out, is not installed.
        TrainingFailed: the smaller network is not worth it, and nothing is kept of it; or learning went astray.
        ParityError: the written model does not find what the trained one finds; nothing is kept.
        OutputError: the run folder cannot be written.
    """
    listener, watch = Listener(progress or Silent()), Stopwatch()
    original = read_detector_original(recipe.model)
    goal = _goal(recipe, original)
    _check(recipe, original)
    teacher = trainer(goal.detector.network.library.value)
    teacher.check(goal.detector, ())
    teacher.check_narrow(goal.detector)
    with workplace(goal) as place:
        with watch.stage(noted("Reading the photos")):
            lesson = _lesson(original, goal, home, place, listener, say)
        with watch.stage(noted("Shrinking the network")):
            shrunk = shrunk_detector(goal, lesson, recipe, teacher, place, progress=listener, say=say)
        schooled = _as_variant(
            judged_detector(goal, lesson, shrunk.trained, place, listener=listener, watch=watch, say=say),
            original,
        )
        with watch.stage(noted("Judging")):
            facts = _weighed(recipe, original, schooled, shrunk, listener, say)
        check_worth(facts, recipe, say)
        run = run_folder(recipe.out, overwrite=recipe.overwrite, data=recipe.data)
        with run as folder, watch.stage(noted("Writing the report")):
            write_detector_run(schooled, folder, dict(watch.seconds), listener, say, shrunk=facts)
    return ShrinkSummary(recipe.out, facts, len(schooled.failures))


def _check(recipe: ShrinkRecipe, original: DetectorOriginal) -> None:
    if recipe.out.resolve() == original.folder.resolve():
        raise UsageError(
            "{out} holds the network that is to be shrunk, which is still needed. Name another folder with --out.",
            out=recipe.out,
        )
    usual = RecoveryRecipe()
    for field, option in _UNHEEDED.items():
        if getattr(recipe.recovery, field) != getattr(usual, field):
            raise UsageError("{option} is not for detectors. Leave it out.", option=option)
    check_free(recipe.out, overwrite=recipe.overwrite, data=recipe.data)


def _goal(recipe: ShrinkRecipe, original: DetectorOriginal) -> TrainRecipe:
    """The run's own recipe with a network that goes on from its weights."""
    before = original.recipe
    return replace(
        before,
        source=replace(
            before.source,
            data=recipe.data,
            max_megapixels=recipe.max_megapixels or before.source.max_megapixels,
        ),
        out=recipe.out,
        detector=_recovering(recipe.recovery, original),
        name=recipe.name or before.name,
        taxonomy=None,
        language=recipe.language,
        workers=recipe.workers,
        overwrite=recipe.overwrite,
        restart=recipe.restart,
        saliency=recipe.saliency,
        track=(),
    )


def _recovering(how: RecoveryRecipe, original: DetectorOriginal) -> DetectorRecipe:
    """How the smaller network learns: as the run did, and from the original too."""
    return replace(
        original.recipe.detector,
        weights=original.weights,
        epochs=how.epochs,
        rate=how.rate,
        batch=how.batch or original.recipe.detector.batch,
        frozen=False,
        patience=0,
        device=how.device,
        teacher=original.weights if how.weight else None,
        teacher_weight=how.weight,
    )


def _lesson(
    original: DetectorOriginal, goal: TrainRecipe, home: Path, place: Path, listener: Listener, say: Say
) -> DetectorLesson:
    """The photos of the run, divided as there."""
    data = goal.source.data
    divided = partial(_divided, original.folder, data, listener, say)
    lesson = prepare_detector_lesson(goal, home, place, divided=divided, progress=listener, say=say)
    if lesson.labels != original.model.card.labels:
        raise DataError(
            "The photos in {data} do not show the {n} classes that the network names. Name the photos of its run.",
            data=data,
            n=len(original.model.card.labels),
        )
    return lesson


def _divided(run: Path, data: Path, listener: Listener, say: Say, dataset: Dataset) -> Dataset:
    return divided_as_before(run, dataset, data, listener, say)


def _as_variant(schooled: SchooledDetector, original: DetectorOriginal) -> SchooledDetector:
    """Classes keep the names that the original gives them."""
    model = schooled.model
    card = model.card.changed(classes=original.model.card.classes, variant_of=original.model.sha256)
    return replace(schooled, model=write_model(onnx.load_from_string(model.graph), card, model.path))


def _weighed(
    recipe: ShrinkRecipe,
    original: DetectorOriginal,
    schooled: SchooledDetector,
    shrunk: Shrunk,
    listener: Listener,
    say: Say,
) -> ShrinkFacts:
    """Both networks on the photos held back, in turns."""
    lesson, goal = schooled.lesson, schooled.recipe
    part = Part.TEST if lesson.of(Part.TEST) else Part.VAL
    models = original.model, schooled.model
    answers = [_answers(DetectorPredictor(one), goal, lesson, part, listener, say) for one in models]
    scores = original.model.card.thresholds.typical or 0.0, schooled.model.card.thresholds.typical or 0.0
    paired = compare_boxes(answers[0], answers[1], scores=scores, seed=goal.split.seed)
    unread = {one.path for one in schooled.failures}
    speeds = measure_speeds(
        [DetectorPredictor(one) for one in models],
        [image.path for image in lesson.of(part) if image.path not in unread],
        most=recipe.timed,
        max_megapixels=goal.source.max_megapixels,
        progress=listener,
        say=say,
    )
    counts = shrunk.before, shrunk.trained.multiplications or 0
    qualities = [judge_boxes(one, seed=goal.split.seed).map50 for one in answers]
    rows = zip(counts, models, speeds, qualities, strict=True)
    both = [Contender(count, len(model.graph), speed, quality) for count, model, speed, quality in rows]
    return ShrinkFacts(
        of=original.model.sha256,
        run=original.folder.resolve().name,
        n=answers[0].n,
        original=both[0],
        shrunk=both[1],
        gained=paired.difference,
        p=paired.p,
        at_most_lost=recipe.at_most_lost,
        boxes=True,
    )


def _answers(
    predictor: DetectorPredictor,
    goal: TrainRecipe,
    lesson: DetectorLesson,
    part: Part,
    listener: Listener,
    say: Say,
) -> BoxAnswers:
    asked = EvaluateRecipe(model=predictor.model.path, source=goal.source, workers=goal.workers)
    scenes, _ = scenes_of(
        asked, unhesitating(predictor), lesson.of(part), lesson.labels, Listener(listener), say
    )
    return gathered(scenes, lesson.labels)
