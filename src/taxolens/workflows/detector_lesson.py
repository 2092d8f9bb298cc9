"""Photos with boxes made ready for a detector: read, divided, drawn to the network's size once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import DataError, ImageError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image, Part
from taxolens.core.texts import Say, noted
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.data.split import Split, split_images
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.decode import decode
from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.detection_evaluate import check_boxed, classes_of
from taxolens.workflows.prepare_plan import with_rarest

PHOTOS = "photos"
_WAY = 1
"""To be raised when a checkpoint of before could not be gone on with."""
_AHEAD = 8
_SHOWN = 8
_PARTS = (Part.TRAIN, Part.VAL)
_UNUSED = noted("Classes of the data that have no box are not learnt: {names}.")
_UNDRAWN = noted("Photos that nobody has drawn boxes in are not learnt from: {count}.")


@dataclass(frozen=True, slots=True)
class DetectorLesson:
    """What a detector learns from and is judged on.

    Attributes:
        images: the n photos that could be read; all have boxes, or are known to show nothing.
        labels: the c classes, in the order of the data.
        dataset: the source, with what could not be read before decoding.
        failures: everything that could not be read.
        photos: folder of the training and validation photos in the network's size, with their boxes.
        shown: uint8 [k, side, side, 3], some validation photos as the network sees them.
    """

    images: tuple[Image, ...]
    labels: tuple[str, ...]
    split: Split
    dataset: Dataset
    failures: tuple[Failure, ...]
    photos: Path
    shown: NDArray[np.uint8]

    def of(self, part: Part) -> tuple[Image, ...]:
        """The photos of a part, without those whose boxes an identical file contradicts."""
        return tuple(self.images[row] for row in self.split.indices(part).tolist())


def prepare_detector_lesson(
    recipe: TrainRecipe,
    home: Path,
    folder: Path,
    *,
    divided: Callable[[Dataset], Dataset] | None = None,
    progress: Progress,
    say: Say,
) -> DetectorLesson:
    """Reads, divides, and writes the photos as the network is to see them.

    Training sees the very pixels that the finished model will see: photos are made smaller here, by the rule of
    the model's card, and not by the training library.

    Args:
        folder: where the photos are written.
        divided: puts photos into parts before all else; None: the recipe's split does.

    Raises:
        DataError: there are no boxes, or too few photos to learn from and to choose by.
    """
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say, one_split=True)
    check_boxed(dataset, recipe.source.data)
    dataset = divided(dataset) if divided else dataset
    drawn = tuple(image for image in dataset.images if image.annotations is not None)
    labels = classes_of(dataset)
    _tell_left_out(dataset, drawn, labels, progress, say)
    place = folder / PHOTOS
    shutil.rmtree(place, ignore_errors=True)
    split = split_images(with_rarest(drawn), recipe.split)
    _check_enough(recipe, split)
    writing = _Writing(recipe, labels, place)
    failures = writing.write(drawn, split, progress, say)
    return DetectorLesson(
        images=drawn,
        labels=labels,
        split=split,
        dataset=dataset,
        failures=(*dataset.failures, *failures),
        photos=place,
        shown=writing.shown(drawn, split),
    )


def fingerprint_of(recipe: TrainRecipe, lesson: DetectorLesson) -> str:
    """Hash of everything that decides what a detector learns: photos, boxes, parts, settings, weights."""
    settings = recipe_document(recipe.detector)
    for name in ("device", "patience"):
        settings.pop(name)
    for name in ("weights", "teacher"):
        file = getattr(recipe.detector, name)
        settings[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file else None
    told = hashlib.sha256()
    for image, part in zip(lesson.images, lesson.split.parts, strict=True):
        boxes = [
            (one.label, one.box.x, one.box.y, one.box.width, one.box.height)
            for one in image.annotations or ()
        ]
        told.update(json.dumps([image.sha256, part.value, boxes]).encode())
    return hashlib.sha256(json.dumps([_WAY, settings, lesson.labels, told.hexdigest()]).encode()).hexdigest()


def rule_of(recipe: DetectorRecipe) -> Preprocess:
    """How a photo is made as large as the network's input, without padding."""
    return Preprocess(recipe.side, recipe.side, fit=Fit.CORNER, multiple=1)


def _tell_left_out(
    dataset: Dataset, drawn: Sequence[Image], labels: Sequence[str], progress: Progress, say: Say
) -> None:
    unused = [name for name in dataset.classes if name not in labels]
    if unused:
        progress.note(say(_UNUSED).format(names=", ".join(unused)))
    if len(drawn) < len(dataset.images):
        progress.note(say(_UNDRAWN).format(count=len(dataset.images) - len(drawn)))


def _check_enough(recipe: TrainRecipe, split: Split) -> None:
    for part in _PARTS:
        if not len(split.indices(part)):
            raise DataError(
                "No photo of {data} is left for the part {part}, which a detector needs: train to learn from, val to "
                "choose its best epoch. Add photos, or change --split.",
                data=recipe.source.data,
                part=part.value,
            )


@dataclass(frozen=True, slots=True)
class _Writing:
    """The photos of a lesson as files: `images/train/0000001.png` with `labels/train/0000001.txt`, and so on."""

    recipe: TrainRecipe
    labels: tuple[str, ...]
    place: Path

    def write(
        self, images: Sequence[Image], split: Split, progress: Progress, say: Say
    ) -> tuple[Failure, ...]:
        """Writes what is learnt from and chosen by; those that cannot be read."""
        rows = [(part, row) for part in _PARTS for row in split.indices(part).tolist()]
        for part in _PARTS:
            for kind in ("images", "labels"):
                (self.place / kind / part.value).mkdir(parents=True)
        workers = self.recipe.workers or default_workers()
        done = ordered_map(partial(self._one, images), rows, workers=workers, window=workers * _AHEAD)
        told = list(progress.track(done, what=say("Making the photos ready"), total=len(rows)))
        failures = tuple(one for one in told if one is not None)
        for part in _PARTS:
            if not any((self.place / "images" / part.value).iterdir()):
                raise DataError(
                    "None of the photos of the part {part} could be read. {file}: {why} Name other photos.",
                    part=part.value,
                    file=failures[0].name,
                    why=say(failures[0].reason),
                )
        named = {"path": str(self.place.resolve()), "train": "images/train", "val": "images/val"}
        text = yaml.safe_dump({**named, "names": list(self.labels)}, allow_unicode=True, sort_keys=False)
        (self.place / "data.yaml").write_text(text, encoding="utf-8")
        return failures

    def _one(self, images: Sequence[Image], row: tuple[Part, int]) -> Failure | None:
        part, number = row
        image = images[number]
        try:
            pixels = self._pixels(image, rule_of(self.recipe.detector))
        except ImageError as error:
            return Failure(image.path, image.name, error.code, error.told())
        Pillow.fromarray(pixels).save(self.place / f"images/{part.value}/{number:07}.png", compress_level=1)
        lines = (
            f"{self.labels.index(one.label)} {one.box.x + one.box.width / 2:.7f} "
            f"{one.box.y + one.box.height / 2:.7f} {one.box.width:.7f} {one.box.height:.7f}\n"
            for one in image.annotations or ()
            if one.box.width > 0 and one.box.height > 0
        )
        label = self.place / f"labels/{part.value}/{number:07}.txt"
        label.write_text("".join(lines), encoding="utf-8")
        return None

    def _pixels(self, image: Image, rule: Preprocess) -> NDArray[np.uint8]:
        return decode(image.path, rule, max_megapixels=self.recipe.source.max_megapixels)

    def shown(self, images: Sequence[Image], split: Split) -> NDArray[np.uint8]:
        """Some validation photos that have boxes, padded to squares."""
        side = self.recipe.detector.side
        rule, found = Preprocess(side, side, fit=Fit.CORNER), list[NDArray[np.uint8]]()
        rows = split.indices(Part.VAL).tolist()
        for row in sorted(rows, key=lambda one: not images[one].annotations):
            if len(found) == _SHOWN:
                break
            try:
                found.append(self._pixels(images[row], rule))
            except ImageError:
                continue
        return np.stack(found)
