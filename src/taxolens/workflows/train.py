"""From labelled photos to a run folder: the page to read first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from taxolens.core.backbone import BackboneMaker
from taxolens.core.errors import MissingExtra, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, noted, plain
from taxolens.core.tracking import TrackerOpener
from taxolens.core.trainer import AnyTrainer
from taxolens.data.split import write_split
from taxolens.imaging.preprocess import Fit
from taxolens.inference.session import SessionEmbedder
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from taxolens.probe.backbone import Backbone
from taxolens.probe.graft import graft
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.backbones import resolve_backbone
from taxolens.workflows.crops import boxes_among, check_method, photos_among
from taxolens.workflows.divided import doubts_of
from taxolens.workflows.lesson import load_photos, open_eye, prepare_lesson
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_card import card_of_head, class_taxa
from taxolens.workflows.network_run import write_network_run
from taxolens.workflows.network_training import school, workplace
from taxolens.workflows.run_folder import (
    HISTORY,
    METRICS,
    MODEL,
    PREDICTIONS,
    RECIPE,
    REPORT,
    SPLIT,
    check_free,
    run_folder,
    write_json,
)
from taxolens.workflows.run_report import figures_of, page_of
from taxolens.workflows.run_tables import write_history, write_predictions
from taxolens.workflows.saliency import looks_of
from taxolens.workflows.stopwatch import Stopwatch
from taxolens.workflows.teaching import decode_agreement, held_back, judged, prove_parity, teach
from taxolens.workflows.tracking import Trackers, figures_of_test, run_of
from taxolens.workflows.trained import Proof, Trained, TrainSummary

METHODS = ("head", "finetune", "scratch")
"""Those of classifiers; for detectors see `train_any`."""


def train(
    recipe: TrainRecipe,
    *,
    home: Path,
    maker: Callable[[str], BackboneMaker],
    trainer: Callable[[str], AnyTrainer] | None = None,
    tracker: Callable[[str], TrackerOpener] | None = None,
    progress: Progress | None = None,
    say: Say = plain,
) -> TrainSummary:
    """Trains as the recipe says.

    Args:
        home: the user's Taxolens folder, for caches.
        maker: gives what turns a network of some library into ONNX, by the library's name.
        trainer: gives what trains networks, by the method's name.
        tracker: gives what tracks a training, by name.

    Raises:
        UsageError: a recipe that cannot be meant, or photos that cannot be learnt from.
        TrainingFailed: a network's loss is no number any more, or memory ran out.
        ParityError: the written model does not answer as the trained head does; nothing is kept.
        OutputError: the run folder cannot be written.
    """
    listener, watch = Listener(progress or Silent()), Stopwatch()
    check_recipe(recipe, METHODS)
    trackers = Trackers(recipe.track, tracker)
    if recipe.method != "head":
        return _train_network(recipe, home, trainer, trackers, listener, watch, say)
    with watch.stage(noted("Reading the photos")):
        dataset = load_photos(recipe, home=home, progress=listener, say=say)
    with watch.stage(noted("Backbone")):
        before = len(listener.notes)
        backbone = _backbone(recipe, home, maker, listener, say)
        hints = tuple(listener.notes[before:])
    with (
        watch.stage(noted("Looking at the photos")),
        open_eye(_embedder(backbone), backbone.preprocess, home) as eye,
    ):
        lesson = prepare_lesson(recipe, dataset, eye, progress=listener, say=say)
    for doubt in doubts_of(lesson, say):
        listener.note(doubt)
    with watch.stage(noted("Fitting the head")):
        taught = teach(recipe, lesson, progress=listener, say=say)
    with watch.stage(noted("Judging")):
        answers = held_back(lesson, taught.head)
        result = judged(recipe, answers, taught)
    trained = Trained(recipe, backbone, hints, lesson, taught, answers, result)
    with run_folder(recipe.out, overwrite=recipe.overwrite, data=recipe.source.data) as folder:
        _write(trained, folder, listener, watch, say)
        if trackers.asked:
            _track_head(trained, home, trackers, folder, listener, say)
    return TrainSummary(
        recipe.out,
        photos_among(lesson.images),
        result,
        lesson.failures,
        tuple(listener.notes),
        watch.seconds,
        boxes_among(lesson.images),
    )


def _train_network(
    recipe: TrainRecipe,
    home: Path,
    trainer: Callable[[str], AnyTrainer] | None,
    trackers: Trackers,
    listener: Listener,
    watch: Stopwatch,
    say: Say,
) -> TrainSummary:
    if trainer is None:
        raise MissingExtra("Networks are trained with PyTorch: pip install 'taxolens[train]'")
    with (
        workplace(recipe) as place,
        trackers.track(run_of(recipe, place, home), listener.progress, say) as tracking,
    ):
        schooled = school(
            recipe,
            place,
            home=home,
            trainer=trainer,
            listener=listener,
            watch=watch,
            tracking=tracking,
            say=say,
        )
        run = run_folder(recipe.out, overwrite=recipe.overwrite, data=recipe.source.data)
        with run as folder, watch.stage(noted("Writing and proving the model")):
            write_network_run(schooled, folder, dict(watch.seconds), listener, say)
            tracking.judged(figures_of_test(schooled.result), folder)
    lesson = schooled.lesson
    return TrainSummary(
        recipe.out, len(lesson.images), schooled.result, lesson.failures, tuple(listener.notes), watch.seconds
    )


def _track_head(
    trained: Trained, home: Path, trackers: Trackers, folder: Path, listener: Listener, say: Say
) -> None:
    """A head is there within a moment, so that there is nothing to watch and nothing to go on with."""
    with (
        TemporaryDirectory(prefix="taxolens-") as place,
        trackers.track(run_of(trained.recipe, Path(place), home), listener.progress, say) as tracking,
    ):
        tracking.judged(figures_of_test(trained.result), folder)


def check_recipe(recipe: TrainRecipe, methods: Sequence[str]) -> None:
    """Refuses what can be seen to be wrong before the first photo is looked at.

    Raises:
        UsageError: another method, crops for another method than "head", a taxonomy that cannot be meant, or a place that holds something else.
    """
    if recipe.method not in methods:
        raise UsageError(
            "There is no method {method}. Choose {known}.", method=recipe.method, known=", ".join(methods)
        )
    check_method(recipe)
    check_free(recipe.out, overwrite=recipe.overwrite, data=recipe.source.data)
    class_taxa(recipe, ())


def _backbone(
    recipe: TrainRecipe, home: Path, maker: Callable[[str], BackboneMaker], progress: Progress, say: Say
) -> Backbone:
    backbone = resolve_backbone(recipe.backbone, home=home, maker=maker, progress=progress, say=say)
    return backbone.with_fit(Fit(recipe.fit)) if recipe.fit else backbone


def _embedder(backbone: Backbone) -> SessionEmbedder:
    return SessionEmbedder(backbone.graph, backbone.identity, backbone.dimension)


def _write(trained: Trained, folder: Path, listener: Listener, watch: Stopwatch, say: Say) -> None:
    """Fills the run folder; it becomes visible only when all of this went well."""
    recipe, lesson = trained.recipe, trained.lesson
    with watch.stage(noted("Writing and proving the model")):
        model = _write_model(trained, folder)
        parity, from_photos = prove_parity(recipe, lesson, trained.taught.head, model)
        proof = Proof(parity, from_photos, decode_agreement(recipe, lesson, model))
    with watch.stage(noted("Writing the report")):
        looks = looks_of(recipe, model, trained.result, lesson.images, progress=listener, say=say)
        notes = tuple(note for note in listener.notes if note not in trained.hints)
        page = page_of(trained, model, proof, looks, notes, dict(watch.seconds), say)
        (folder / REPORT).write_text(page, encoding="utf-8")
    write_json(folder / METRICS, figures_of(trained, proof, watch.seconds))
    write_json(folder / RECIPE, recipe_document(recipe))
    write_predictions(trained.answers, folder / PREDICTIONS, lesson.images)
    write_history(trained.taught.head.trials, folder / HISTORY)
    write_split(lesson.split, lesson.images, folder / SPLIT)


def _write_model(trained: Trained, folder: Path) -> ModelFile:
    head = trained.taught.head
    temperature = head.temperature
    graph = graft(
        trained.backbone.graph,
        (head.weights / temperature).astype(np.float32),
        (head.bias / temperature).astype(np.float32),
    )
    taxa = class_taxa(trained.recipe, trained.lesson.labels)
    card = card_of_head(
        trained.recipe, trained.lesson, trained.backbone, trained.taught, trained.result, taxa
    )
    return write_model(graph, card, folder / MODEL)
