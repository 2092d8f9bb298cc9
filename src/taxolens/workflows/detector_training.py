"""Photos with boxes to a trained detector: described, proven, its thresholds chosen, judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path

import onnx

from taxolens.core.detection_trainer import AnyDetectionTrainer, DetectionRequest, TrainedDetector
from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Part
from taxolens.core.texts import Say, noted
from taxolens.evaluation.detection.answers import Scene
from taxolens.evaluation.detection.judge import judge_scenes
from taxolens.evaluation.detection.naming import name_temperature, naming_result
from taxolens.evaluation.detection.result import DetectionResult
from taxolens.evaluation.detection.samples import Sample, samples
from taxolens.imaging.preprocess import Fit
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.card import Card, Metric, SplitRule, Thresholds
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from taxolens.probe.adopt import Reading
from taxolens.probe.foreign_detector import ForeignDetector, describe_detector, sight
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.detection_model import named_of, scenes_of, unhesitating
from taxolens.workflows.detector_lesson import DetectorLesson, fingerprint_of, prepare_detector_lesson
from taxolens.workflows.detector_parity import BoxParity, prove_boxes
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_card import class_taxa, portable
from taxolens.workflows.network_past import doubts_of_files
from taxolens.workflows.prepared_tile import tile_of
from taxolens.workflows.run_folder import MODEL, is_run
from taxolens.workflows.stopwatch import Stopwatch
from taxolens.workflows.tracking import Tracking

WEIGHTS = "weights"
"""Name of the file of weights in a run, without the suffix that the library gives it."""
_FEWEST_SURE = 0.05
_FEW = noted("Few photos were held back for the test, so its figures say little: {n}.")
_NONE = noted(
    "No photos were held back: the figures are of validation, by which the best epoch was chosen, and are too good."
)
_UNPROVEN = noted(
    "The model file and the training library agree that nothing is in the {photos} photos shown to both, which proves "
    "little: train longer."
)
_SUFFIXES = (".safetensors", ".pt")
_FEW_PHOTOS = 10
_HELD_BACK, _CHOSEN_BY = "held-out part", "validation part"


@dataclass(frozen=True, slots=True)
class SchooledDetector:
    """Everything known at the end of a detector's training, before its run folder is written.

    Attributes:
        model: the finished model file, in the place where it was trained.
        result: of the photos that were held back.
        failures: photos that could not be read.
        best: photos of validation in which most was found.
        worst: others in which most went wrong.
    """

    recipe: TrainRecipe
    lesson: DetectorLesson
    trained: TrainedDetector
    model: ModelFile
    parity: BoxParity
    result: DetectionResult
    failures: tuple[Failure, ...]
    best: tuple[Sample, ...] = ()
    worst: tuple[Sample, ...] = ()


def school_detector(
    recipe: TrainRecipe,
    place: Path,
    *,
    home: Path,
    trainer: Callable[[str], AnyDetectionTrainer],
    listener: Listener,
    watch: Stopwatch,
    say: Say,
    tracking: Tracking | None = None,
) -> SchooledDetector:
    """Trains and judges.

    Args:
        place: folder that outlives a stop.
        trainer: gives the trainer of a library.
        tracking: told of every epoch.
    """
    recipe = with_files(recipe)
    settings = recipe.detector
    teacher = trainer(settings.network.library.value)
    # What can be refused is refused before the first photo is looked at.
    teacher.check(settings, ())
    with watch.stage(noted("Reading the photos")):
        lesson = prepare_detector_lesson(recipe, home, place, progress=listener, say=say)
    for note in (*lesson.split.notes, *_doubts(settings, lesson, say)):
        listener.note(say(note))
    with watch.stage(noted("Training the network")):
        request = request_of(recipe, settings, lesson, place)
        if tracking is not None:
            told = tracking
            request = replace(request, watch=lambda epochs: told.learnt(epochs, lambda: lesson.shown))
        trained = teacher.train(request, progress=listener, say=say)
    return judged_detector(recipe, lesson, trained, place, listener=listener, watch=watch, say=say)


def with_files(recipe: TrainRecipe) -> TrainRecipe:
    """The recipe with files of weights where it names the folders of runs, or models in them."""
    settings = recipe.detector
    weights, teacher = (one and _file_of(one) for one in (settings.weights, settings.teacher))
    return replace(recipe, detector=replace(settings, weights=weights, teacher=teacher))


def _file_of(place: Path) -> Path:
    folder = place if place.is_dir() else place.parent
    if place.is_dir() or (place.name == MODEL and is_run(folder)):
        return weights_in(folder)
    return place


def weights_in(folder: Path) -> Path:
    """The weights that a training left in its run folder.

    Raises:
        UsageError: there are none.
    """
    for suffix in _SUFFIXES:
        if (folder / f"{WEIGHTS}{suffix}").is_file():
            return folder / f"{WEIGHTS}{suffix}"
    raise UsageError(
        "{folder} holds no weights of a detector. Name the run folder that taxolens train --method detect left.",
        folder=folder,
    )


def _doubts(settings: DetectorRecipe, lesson: DetectorLesson, say: Say) -> tuple[str, ...]:
    held = [image.sha256 for image in lesson.of(Part.TEST)]
    return doubts_of_files((settings.weights, settings.teacher), held, say)


def request_of(
    recipe: TrainRecipe,
    settings: DetectorRecipe,
    lesson: DetectorLesson,
    place: Path,
    *,
    keep: float | None = None,
) -> DetectionRequest[DetectorRecipe]:
    """What a trainer is asked; a training of something else in the same folder is refused."""
    decided = fingerprint_of(replace(recipe, detector=settings), lesson)
    return DetectionRequest(
        settings=settings,
        labels=lesson.labels,
        photos=lesson.photos,
        train=len(lesson.of(Part.TRAIN)),
        val=len(lesson.of(Part.VAL)),
        shown=lesson.shown,
        folder=place,
        fingerprint=decided if keep is None else f"{decided} {keep:.6f}",
        keep=keep,
    )


def judged_detector(
    recipe: TrainRecipe,
    lesson: DetectorLesson,
    trained: TrainedDetector,
    place: Path,
    *,
    listener: Listener,
    watch: Stopwatch,
    say: Say,
) -> SchooledDetector:
    """Describes what has learnt, proves it, chooses its threshold and judges it."""
    with watch.stage(noted("Writing and proving the model")):
        model = _described(recipe, lesson, trained, place / MODEL)
        parity = _proven(model, lesson, trained)
        if not parity.boxes:
            listener.note(say(_UNPROVEN).format(photos=parity.photos))
    with watch.stage(noted("Judging")):
        tried, _ = _scenes(recipe, lesson, model, Part.VAL, listener, say)
        model = _with_thresholds(recipe, lesson, model, tried)
        best, worst = samples(tried, lesson.labels, least=model.card.thresholds.typical or 0.0)
        result, failures = _judged(recipe, lesson, model, listener, say)
        model = _with_figures(recipe, lesson, model, result)
    unread = {one.path: one for one in (*lesson.failures, *failures)}
    failed = tuple(unread.values())
    return SchooledDetector(recipe, lesson, trained, model, parity, result, failed, best, worst)


def _described(
    recipe: TrainRecipe, lesson: DetectorLesson, trained: TrainedDetector, file: Path
) -> ModelFile:
    """The library's export as a model file of ours."""
    seen = sight(
        onnx.load_from_string(trained.onnx),
        file,
        size=recipe.detector.side,
        decoder=None,
        classes=len(lesson.labels),
    )
    known = ForeignDetector(
        name=recipe.name or recipe.source.data.resolve().stem or "detector",
        taxa=class_taxa(recipe, lesson.labels),
        reading=Reading(size=recipe.detector.side, licence=trained.licence),
        fit=Fit.CORNER if trained.corner else Fit.LETTERBOX,
    )
    graph, card = describe_detector(seen, file, known)
    card = card.changed(output=card.output.changed(overlap=trained.overlap), notes=())
    return write_model(graph, card, file)


def _proven(model: ModelFile, lesson: DetectorLesson, trained: TrainedDetector) -> BoxParity:
    keeping = model.card.thresholds.changed(conservative=trained.least / 2)
    predictor = DetectorPredictor(replace(model, card=model.card.changed(thresholds=keeping)))
    return prove_boxes(predictor, lesson.shown, trained.told, least=trained.least)


def _with_thresholds(
    recipe: TrainRecipe, lesson: DetectorLesson, model: ModelFile, scenes: Sequence[Scene]
) -> ModelFile:
    """The typical threshold has the best F1 on validation, and the temperature makes the names of its boxes as sure as
    they are right; without a box that is right, both stay as they are."""
    result = judge_scenes(scenes, lesson.labels, precision=recipe.precision)
    if not result.work.f1 > 0:
        return model
    # Rounded down, lest the box that decided be less sure than the threshold.
    typical = min(max(floor(result.work.score * 1000) / 1000, 0.01), 0.9)
    thresholds = Thresholds.made(typical=typical, conservative=min(_FEWEST_SURE, typical / 2))
    named = named_of(DetectorPredictor(model), scenes, lesson.labels)
    temperature = 1.0 if named is None else name_temperature(named)
    return _rewritten(model, model.card.changed(thresholds=thresholds, temperature=temperature))


def _judged(
    recipe: TrainRecipe, lesson: DetectorLesson, model: ModelFile, listener: Listener, say: Say
) -> tuple[DetectionResult, tuple[Failure, ...]]:
    """On the photos that were held back, at the threshold that validation chose."""
    held_back = len(lesson.of(Part.TEST))
    if not held_back:
        listener.note(say(_NONE))
    elif held_back < _FEW_PHOTOS:
        listener.note(say(_FEW).format(n=held_back))
    part = Part.TEST if held_back else Part.VAL
    scenes, failures = _scenes(recipe, lesson, model, part, listener, say)
    score, named = model.card.thresholds.typical, named_of(DetectorPredictor(model), scenes, lesson.labels)
    naming = None if named is None else naming_result(named, model.card.temperature)
    result = judge_scenes(scenes, lesson.labels, score=score, precision=recipe.precision)
    return replace(result, naming=naming), failures


def _scenes(
    recipe: TrainRecipe, lesson: DetectorLesson, model: ModelFile, part: Part, progress: Progress, say: Say
) -> tuple[tuple[Scene, ...], tuple[Failure, ...]]:
    asked = EvaluateRecipe(model=model.path, source=recipe.source, workers=recipe.workers)
    predictor = unhesitating(DetectorPredictor(model))
    return scenes_of(asked, predictor, lesson.of(part), lesson.labels, Listener(progress), say)


def _rewritten(model: ModelFile, card: Card) -> ModelFile:
    return write_model(onnx.load_from_string(model.graph), card, model.path)


def _with_figures(
    recipe: TrainRecipe, lesson: DetectorLesson, model: ModelFile, result: DetectionResult
) -> ModelFile:
    """What the card tells of the training."""
    part = Part.TEST if lesson.of(Part.TEST) else Part.VAL
    parts, known = lesson.split.parts, (("map50", result.map50), ("map50_95", result.map50_95))
    shares = {part: round(100 * parts.count(part) / len(parts), 1) for part in Part}
    tile = tile_of(recipe.source.data)
    card = model.card.changed(
        input=model.card.input.changed(tile=tile) if tile else model.card.input,
        metrics=tuple(
            Metric(
                name=name,
                value=one.value,
                low=one.low,
                high=one.high,
                n=result.n,
                data=_HELD_BACK if part is Part.TEST else _CHOSEN_BY,
                split=part.value,
            )
            for name, one in known
        )
        + _naming_metrics(result, part),
        split=SplitRule(
            by=lesson.split.by.value,
            train=shares[Part.TRAIN],
            val=shares[Part.VAL],
            test=shares[Part.TEST],
            seed=recipe.split.seed,
        ),
        recipe=portable(recipe),
        data_fingerprint=data_fingerprint(
            (image.sha256 or "", one.label) for image in lesson.images for one in image.annotations or ()
        ),
    )
    return _rewritten(model, card)


def _naming_metrics(result: DetectionResult, part: Part) -> tuple[Metric, ...]:
    """Calibration errors of the names of boxes, with the temperature and without it."""
    naming = result.naming
    if naming is None:
        return ()
    data = _HELD_BACK if part is Part.TEST else _CHOSEN_BY
    known = (("names_ece", naming.after.ece), ("names_ece_before", naming.before.ece))
    return tuple(
        Metric(name=name, value=value, n=naming.n, data=data, split=part.value) for name, value in known
    )
