"""A pipeline: a small TOML that names a detector, a classifier of its crops, and the numbers that decide between them.

pipeline = 1
name = "eastern woods"

[detector]
file = "detector.onnx"      # beside the pipeline, or a path from there
sha256 = "..."

[classifier]
file = "species.onnx"
sha256 = "..."

[crop]                      # what is left out is as the classifier learnt it; see `CropRule`
margin = 0.1

[rule]                      # likewise; see `CascadeNumbers`
sure = 0.7
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from taxolens.core.errors import ModelError, UsageError
from taxolens.imaging.region import CropRule
from taxolens.modelfile.card import Card, Task
from taxolens.modelfile.read import ModelFile, check_task, read_model
from taxolens.recipes.parse import parse_recipe, recipe_document
from taxolens.recipes.toml import toml_text
from taxolens.storage.atomic import written_whole

SUFFIX = ".toml"
VERSION = 1
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class CascadeNumbers:
    """What decides between a detector and a classifier; the rules are in `taxolens.inference.cascade`. All are 0..1.

    Attributes:
        there: detector score from which on a box is there; None: the detector's typical one.
        sure: detector score from which on a person or vehicle is believed without the classifier.
        person: what the classifier must give to people, where the detector is less sure of one.
        vehicle: likewise.
        blank: a box to which the classifier gives so much for "nothing" is not there.
        empty: a photo without a box to whose whole the classifier gives so much for "nothing" is blank.
        whole: what a name must reach that the whole photo gets where no box is there.
        fallback: whether the whole photo is looked at where no box is there; None: where the classifier has a class
            for "nothing".
    """

    there: float | None = None
    sure: float = 0.7
    person: float = 0.5
    vehicle: float = 0.4
    blank: float = 0.99
    empty: float = 0.5
    whole: float = 0.8
    fallback: bool | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name != "fallback" and value is not None and not 0 <= value <= 1:
                raise UsageError(
                    "The number {name} of a rule is a score from 0 to 1, not {value}.",
                    name=one.name,
                    value=value,
                )


@dataclass(frozen=True, slots=True)
class PipelinePart:
    """A model file.

    Attributes:
        file: relative to the folder of the pipeline.
        sha256: of the file, hexadecimal.
    """

    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The fields of the TOML.

    Attributes:
        pipeline: version of the layout.
        name: for people.
        crop: how boxes become crops; what the file does not say is as the classifier learnt it.
        rule: what decides.
    """

    detector: PipelinePart
    classifier: PipelinePart
    pipeline: int = VERSION
    name: str = ""
    crop: CropRule = field(default_factory=CropRule)
    rule: CascadeNumbers = field(default_factory=CascadeNumbers)


@dataclass(frozen=True, slots=True)
class CascadeFiles:
    """Two verified models, and what decides between them."""

    detector: ModelFile
    classifier: ModelFile
    crop: CropRule
    rule: CascadeNumbers


def is_pipeline(path: Path) -> bool:
    """Whether a path means a pipeline."""
    return path.suffix.lower() == SUFFIX


def read_pipeline(path: Path) -> CascadeFiles:
    """Reads a pipeline and its models.

    Raises:
        ModelError: it, or a file that it names, is absent, damaged, or not what it says.
        UsageError: a field that does not exist, is missing or cannot be meant.
    """
    said = _fields(path)
    pipeline: Pipeline = parse_recipe(Pipeline, said)
    if pipeline.pipeline != VERSION:
        raise ModelError(
            "The pipeline {pipeline} was written for another version of Taxolens. Update Taxolens.",
            pipeline=path,
        )
    detector = _part(path, pipeline.detector, Task.DETECT)
    classifier = _part(path, pipeline.classifier, Task.CLASSIFY)
    asked = {name: getattr(pipeline.crop, name) for name in said.get("crop", {})}
    return CascadeFiles(detector, classifier, replace(crop_of(classifier.card), **asked), pipeline.rule)


def write_pipeline(files: CascadeFiles, path: Path, *, name: str = "") -> None:
    """Writes a pipeline; models in or below its folder are named relative to it.

    Raises:
        OutputError: it cannot be written.
    """
    folder = path.resolve().parent
    pipeline = Pipeline(
        PipelinePart(_named(files.detector.path, folder), files.detector.sha256),
        PipelinePart(_named(files.classifier.path, folder), files.classifier.sha256),
        name=name,
        crop=files.crop,
        rule=files.rule,
    )
    document = recipe_document(pipeline)
    for part in ("detector", "classifier"):
        document[part]["file"] = Path(document[part]["file"]).as_posix()
    ordered = {key: document[key] for key in ("pipeline", "name", "detector", "classifier", "crop", "rule")}
    with written_whole(path) as file:
        file.write(toml_text(ordered).encode("utf-8"))


def read_cascade(
    detector: Path, classifier: Path, *, crop: CropRule | None = None, rule: CascadeNumbers | None = None
) -> CascadeFiles:
    """Reads two models that work together.

    Raises:
        ModelError: one is absent, damaged, or made for something else.
    """
    if is_pipeline(detector):
        raise UsageError(
            "{file} is a pipeline, which names a detector and a classifier. Give it alone, as the model.",
            file=detector,
        )
    named, found = read_model(classifier), read_model(detector)
    if (found.card.task, named.card.task) == (Task.CLASSIFY, Task.DETECT):
        raise ModelError(
            "The detector and the model are exchanged: {detector} names photos and {model} finds boxes. "
            "Give --model {detector} --detector {model}.",
            detector=detector,
            model=classifier,
        )
    if named.card.task is Task.DETECT:
        raise ModelError(
            "{model} and {detector} are both detectors. Leave out --detector, or name a classifier as the model.",
            model=classifier,
            detector=detector,
        )
    if found.card.task is not Task.DETECT:
        raise ModelError(
            '{detector} is no detector: it is made for the task "{is_for}" and finds no boxes. Name a detector, or '
            "leave out --detector.",
            detector=detector,
            is_for=found.card.task.value,
        )
    check_task(named.card, Task.CLASSIFY, classifier)
    return CascadeFiles(found, named, crop or crop_of(named.card), rule or CascadeNumbers())


def crop_of(classifier: Card) -> CropRule:
    """What a classifier is to see of a box: what it learnt from, else the usual."""
    return classifier.input.crop.rule if classifier.input.crop else CropRule()


def _fields(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError(f"more than {_LARGEST} bytes")
        return tomllib.loads(data.decode("utf-8"))
    except FileNotFoundError as error:
        raise ModelError("There is no pipeline {file}. Check the path.", file=path) from error
    # Text that is nested too deeply exhausts the parser's stack.
    except (OSError, ValueError, RecursionError) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else error
        raise ModelError(
            "The pipeline {file} cannot be read: {why}. Mend it, or write it anew with taxolens models pipeline.",
            file=path,
            why=why,
        ) from error


def _part(pipeline: Path, part: PipelinePart, task: Task) -> ModelFile:
    file = pipeline.parent / part.file
    if not file.exists():
        raise ModelError(
            "The pipeline {pipeline} names {file}, which is not there. Put that model there, or correct its path.",
            pipeline=pipeline,
            file=part.file,
        )
    model = read_model(file)
    if model.sha256 != part.sha256.lower():
        raise ModelError(
            "The pipeline {pipeline} means another {file}: its sha256 begins with {meant}, and that of the file there "
            "with {found}. Put back the model that was meant, or write the pipeline anew.",
            pipeline=pipeline,
            file=part.file,
            meant=part.sha256[:12],
            found=model.sha256[:12],
        )
    if model.card.task is not task:
        raise ModelError(
            'The pipeline {pipeline} names {file} where a model for the task "{wanted}" is needed, and it is one for '
            '"{is_for}". Exchange the two, or name another model.',
            pipeline=pipeline,
            file=part.file,
            wanted=task.value,
            is_for=model.card.task.value,
        )
    return model


def _named(file: Path, folder: Path) -> Path:
    whole = file.resolve()
    return whole.relative_to(folder) if whole.is_relative_to(folder) else whole
