"""The network that is to become smaller: the run that it came from, and that run's own division of the photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError, ModelError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Image, Part
from taxolens.core.texts import Say
from taxolens.data.dataset import Dataset
from taxolens.formats.weights import WeightsCard, read_weights_card
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import ModelFile, read_model
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.run_folder import MODEL, RECIPE, WEIGHTS, is_run
from taxolens.workflows.run_record import parts_of

_SUFFIX = ".onnx"


@dataclass(frozen=True, slots=True)
class Original:
    """A trained network as its run left it.

    Attributes:
        folder: of the run.
        recipe: what its training was asked to do.
        weights: its tensors.
        card: what these say of themselves.
    """

    folder: Path
    model: ModelFile
    recipe: TrainRecipe
    weights: Path
    card: WeightsCard


def read_original(place: Path) -> Original:
    """The network at a place: a run folder, or a file in one.

    Raises:
        UsageError: nothing is there, or no run.
        ModelError: a model without weights, which cannot be pruned.
    """
    folder = place if place.is_dir() else place.parent
    if not place.exists():
        raise UsageError("{path} is not there. Check the path.", path=place)
    if place.is_file() and place.suffix.lower() == _SUFFIX:
        read_model(place, task=Task.CLASSIFY)  # says what is wrong with the file itself
    if not is_run(folder):
        raise _without_weights(place) if place.is_file() else _no_run(place)
    if place.is_file() and place.name not in (MODEL, WEIGHTS):
        raise _without_weights(place)
    card = read_weights_card(folder / WEIGHTS)
    if card is None:
        raise _without_weights(place)
    model = read_model(folder / MODEL, task=Task.CLASSIFY)
    if model.card.labels != card.classes:
        raise ModelError(
            "{model} and {weights} of {run} are of different trainings. Name a run as its training left it.",
            model=MODEL,
            weights=WEIGHTS,
            run=folder,
        )
    return Original(folder, model, parse_recipe(TrainRecipe, {}, folder / RECIPE), folder / WEIGHTS, card)


def _without_weights(place: Path) -> ModelError:
    return ModelError(
        "{model} has no weights of a network beside it that could be pruned: it is a head on a frozen backbone, or "
        "was taken out of its run. Teach a network from it: "
        "taxolens train DATA --method scratch --distill-from {model} --out RUN",
        model=place / MODEL if place.is_dir() else place,
    )


def _no_run(place: Path) -> UsageError:
    return UsageError(
        "{folder} is no run. Name the folder that taxolens train --method finetune or scratch left.",
        folder=place,
    )


def divided_as_before(run: Path, dataset: Dataset, data: Path, progress: Progress, say: Say) -> Dataset:
    """The photos that the run knew, each in the part that it had there.

    Raises:
        DataError: photos that the run held back are missing, so that nothing could be compared with it.
    """
    parts = parts_of(run)
    known = tuple(replace(image, part=parts[_key(image)]) for image in dataset.images if _key(image) in parts)
    found = {_key(image) for image in known}
    missing = [key for key, part in parts.items() if part is Part.TEST and key not in found]
    if missing or not known:
        raise DataError(
            "{missing} of the {n} photos that the run {run} held back are not in {data}. A network is judged on the "
            "very photos that its run held back: name the photos of that run.",
            missing=len(missing),
            n=_held_back(parts),
            run=run,
            data=data,
        )
    if left_out := len(dataset.images) - len(known):
        told = say("{n} photos were no part of the run {run} and are left out.")
        progress.note(told.format(n=left_out, run=run))
    return replace(dataset, images=known)


def _held_back(parts: Mapping[tuple[str, str], Part]) -> int:
    return sum(part is Part.TEST for part in parts.values())


def _key(image: Image) -> tuple[str, str]:
    return image.sha256 or "", image.label or ""
