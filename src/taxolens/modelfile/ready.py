"""Detectors and classifiers that people already use: what they are, whence they come, how they are read."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from taxolens.core.registry import Registry
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import noted
from taxolens.formats.coco_names import COCO_NAMES, COCO_TAXA
from taxolens.imaging.preprocess import Colours, Filter, Fit
from taxolens.modelfile.card import CardClass, CardCrop, Deviations, Means, Sha256, Share, Side, Task

COCO, IN_FILE = "coco", "file"
"""Lists of classes that the catalogue does not spell out: those of COCO, and those in a file of their own."""
Size = Annotated[int, Field(gt=0)]


class ReadyModel(BaseModel):
    """One model; the fields are explained in `ready.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    title: str
    task: Literal[Task.DETECT, Task.CLASSIFY]
    licence: str
    terms: str = ""
    noncommercial: bool = False
    source: str
    url: str | None = None
    member: str | None = None
    bytes: Size | None = None
    about: Size | None = None
    sha256: Sha256 | None = None
    sha256_from: str = ""
    checkpoint: str | None = None
    export: str = ""
    classes: str
    count: Size | None = None
    decoder: str | None = None
    size: Side | None = None
    fit: Fit | None = None
    order: Colours | None = None
    filter: Filter = Filter.BILINEAR
    mean: Means | None = None
    std: Deviations | None = None
    overlap: Share | None = None
    typical: Share | None = None
    conservative: Share | None = None
    crop: CardCrop | None = None
    cite: str = ""
    notes: str = ""

    @property
    def host(self) -> str:
        """The name of the server on which it is published."""
        return urlsplit(self.url or self.source).hostname or self.source

    @property
    def is_archive(self) -> bool:
        """The network is one file in a zip."""
        return self.member is not None

    @property
    def taxa(self) -> tuple[Taxon, ...] | None:
        """Its classes in the order of its output; None where they are in a file that comes with it."""
        if self.classes == IN_FILE:
            return None
        return class_lists()[self.classes]


@cache
def ready_models() -> Registry[ReadyModel]:
    """All ready models, by name."""
    entries: Registry[ReadyModel] = Registry(noted("There is no ready model called {name}. Choose {known}."))
    for values in _document()["model"]:
        entry = ReadyModel.model_validate(values)
        entries.add(entry.name, entry)
    return entries


@cache
def class_lists() -> dict[str, tuple[Taxon, ...]]:
    """The lists of classes that ready models have, by name."""
    lists = {COCO: tuple(COCO_TAXA.get(name) or Taxon(name) for name in COCO_NAMES)}
    for one in _document()["class_list"]:
        left_out = set(one.get("without", ()))
        taxa = tuple(CardClass.model_validate(values).taxon for values in one.get("classes", ()))
        taxa += lists[one["of"]] if "of" in one else ()
        lists[one["name"]] = tuple(taxon for taxon in taxa if taxon.id not in left_out)
    return lists


def _document() -> dict[str, Any]:
    text = resources.files("taxolens.modelfile").joinpath("ready.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
