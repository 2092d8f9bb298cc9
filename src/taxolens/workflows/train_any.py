"""Labelled photos, or photos with boxes, to a run folder: the method decides what is learnt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from taxolens.core.backbone import BackboneMaker
from taxolens.core.detection_trainer import AnyDetectionTrainer
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, noted, plain
from taxolens.core.tracking import TrackerOpener
from taxolens.core.trainer import AnyTrainer
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.detector_run import write_detector_run
from taxolens.workflows.detector_trained import DetectorSummary
from taxolens.workflows.detector_training import school_detector
from taxolens.workflows.listener import Listener
from taxolens.workflows.network_training import workplace
from taxolens.workflows.run_folder import run_folder
from taxolens.workflows.stopwatch import Stopwatch
from taxolens.workflows.tracking import Trackers, figures_of_boxes, run_of
from taxolens.workflows.train import METHODS, check_recipe, train
from taxolens.workflows.trained import TrainSummary

_DETECT = "detect"


def train_any(
    recipe: TrainRecipe,
    *,
    home: Path,
    maker: Callable[[str], BackboneMaker],
    trainer: Callable[[str], AnyTrainer] | None = None,
    detector: Callable[[str], AnyDetectionTrainer],
    tracker: Callable[[str], TrackerOpener] | None = None,
    progress: Progress | None = None,
    say: Say = plain,
) -> TrainSummary | DetectorSummary:
    """Trains a classifier or a detector; see `train` and `train_detector`."""
    if recipe.method == _DETECT:
        return train_detector(
            recipe, home=home, detector=detector, tracker=tracker, progress=progress, say=say
        )
    check_recipe(recipe, (*METHODS, _DETECT))
    return train(recipe, home=home, maker=maker, trainer=trainer, tracker=tracker, progress=progress, say=say)


def train_detector(
    recipe: TrainRecipe,
    *,
    home: Path,
    detector: Callable[[str], AnyDetectionTrainer],
    tracker: Callable[[str], TrackerOpener] | None = None,
    progress: Progress | None = None,
    say: Say = plain,
) -> DetectorSummary:
    """Trains a detector as the recipe says.

    Args:
        home: the user's Taxolens folder, for caches.
        detector: gives what trains detectors, by the library's name.
        tracker: gives what tracks a training, by name.

    Raises:
        UsageError: a recipe that cannot be meant, or photos that cannot be learnt from.
        TrainingFailed: the loss is no number any more, memory ran out, or the library gave up.
        ParityError: the written model does not find what the trained one finds; nothing is kept.
        OutputError: the run folder cannot be written.
    """
    listener, watch = Listener(progress or Silent()), Stopwatch()
    check_recipe(recipe, (_DETECT,))
    trackers = Trackers(recipe.track, tracker)
    with (
        workplace(recipe) as place,
        trackers.track(run_of(recipe, place, home), listener.progress, say) as tracking,
    ):
        schooled = school_detector(
            recipe,
            place,
            home=home,
            trainer=detector,
            listener=listener,
            watch=watch,
            say=say,
            tracking=tracking,
        )
        run = run_folder(recipe.out, overwrite=recipe.overwrite, data=recipe.source.data)
        with run as folder, watch.stage(noted("Writing the report")):
            write_detector_run(schooled, folder, dict(watch.seconds), listener, say)
            tracking.judged(figures_of_boxes(schooled.result), folder)
    return DetectorSummary(
        recipe.out,
        len(schooled.lesson.images) + len(schooled.lesson.dataset.failures) - len(schooled.failures),
        schooled.result,
        schooled.failures,
        tuple(listener.notes),
        watch.seconds,
    )
