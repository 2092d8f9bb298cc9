"""Public image sets that can be fetched; what stands in the file is explained in it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from taxolens.core.errors import UsageError
from taxolens.core.registry import Registry
from taxolens.core.texts import noted

_NAME = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
_FILE = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Role(StrEnum):
    """What a file of a set is needed for."""

    PHOTOS = "photos"
    BOXES = "boxes"
    SPLIT = "split"
    INSTEAD = "instead"


class FamilyName(StrEnum):
    """How the sets of one kind are published."""

    CIFAR = "cifar"
    DOGS = "dogs"
    PLANTVILLAGE = "plantvillage"
    CAMERA_TRAPS = "camera-traps"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PublicFile(_Entry):
    """A file as its authors publish it.

    Attributes:
        bytes: its size; None where no exact one is published.
        sha256: None where none is published.
        md5: None where none is published.
        about: bytes, roughly, where no exact size is published.
    """

    name: _FILE
    url: str
    bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    role: Role = Role.PHOTOS
    about: Annotated[int, Field(gt=0)] | None = None


class Variant(_Entry):
    """A version of a set.

    Attributes:
        images_url: where single photos lie, for sets that are fetched photo by photo.
    """

    name: _NAME
    files: Annotated[tuple[PublicFile, ...], Field(alias="file", min_length=1)]
    images_url: str | None = None


class PublicDataset(_Entry):
    """A public image set.

    Attributes:
        images: as its source states them.
        terms: what its authors ask for beside or instead of a licence.
        choose: too large to be fetched without naming classes.
    """

    name: _NAME
    title: str
    family: FamilyName
    task: str
    images: int
    classes: int
    licence: str
    terms: str = ""
    citation: str
    url: str
    notes: str = ""
    choose: bool = False
    variants: Annotated[tuple[Variant, ...], Field(alias="variant", min_length=1)]

    @property
    def bytes(self) -> int | None:
        """What is downloaded of the usual version, roughly; None where nothing is published, or the photos
        are fetched one by one."""
        usual = self.variants[0]
        sizes = [file.bytes or file.about for file in usual.files if file.role is not Role.INSTEAD]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and not usual.images_url else None

    def variant_with(self, files: Iterable[str]) -> str | None:
        """The first version that has a file of one of these names; None where none has."""
        names = set(files)
        found = (one.name for one in self.variants if names & {file.name for file in one.files})
        return next(found, None)

    def variant(self, name: str | None) -> Variant:
        """The version of a name; the usual one without.

        Raises:
            UsageError: there is no such version.
        """
        for one in self.variants:
            if name in (None, one.name):
                return one
        raise UsageError(
            "{name} has no version {variant}. Choose {known}.",
            name=self.name,
            variant=name,
            known=", ".join(one.name for one in self.variants),
        )


@cache
def public_datasets() -> Registry[PublicDataset]:
    """All public sets that can be fetched, by name."""
    text = resources.files("taxolens.data.public").joinpath("catalogue.toml").read_text(encoding="utf-8")
    entries: Registry[PublicDataset] = Registry(noted("There is no dataset called {name}. Choose {known}."))
    for values in tomllib.loads(text)["dataset"]:
        entry = PublicDataset.model_validate(values)
        entries.add(entry.name, entry)
    return entries
