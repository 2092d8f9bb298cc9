"""Backbones that can be fetched: what there is, where it lies once fetched, and that it is the right file."""

from __future__ import annotations

import hashlib
import tomllib
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from taxolens.core.errors import ModelError
from taxolens.core.registry import Registry
from taxolens.core.texts import noted
from taxolens.modelfile.card import Deviations, Means, Sha256, Side
from taxolens.modelfile.read import read_bytes
from taxolens.modelfile.write import place


class Budget(StrEnum):
    """How much computing a photo may cost, least first."""

    FAST = noted("fast")
    BALANCED = noted("balanced")
    ACCURATE = noted("accurate")


class CatalogueEntry(BaseModel):
    """One backbone; the fields are explained in `catalogue.toml`.

    Attributes:
        rank: higher is more accurate, over all budgets.
        embedding: tensor to use; None: the input of the classifier.
        token: which position of a token sequence is the embedding.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    budget: Budget
    rank: int
    repo: str
    file: str
    revision: str | None = None
    sha256: Sha256
    bytes: int
    architecture: str
    size: Side
    mean: Means
    std: Deviations
    embedding: str | None = None
    token: int | None = None
    dimension: int
    licence: str
    images_per_second: float | None = None
    top1: float | None = None
    notes: str = ""

    @property
    def url(self) -> str:
        """Where a browser finds the file."""
        return f"https://huggingface.co/{self.repo}/resolve/{self.revision or 'main'}/{self.file}"


@cache
def catalogue() -> Registry[CatalogueEntry]:
    """All backbones that can be fetched, by name."""
    text = resources.files("taxolens.modelfile").joinpath("catalogue.toml").read_text(encoding="utf-8")
    entries: Registry[CatalogueEntry] = Registry(noted("There is no backbone called {name}. Choose {known}."))
    for values in tomllib.loads(text)["backbone"]:
        entry = CatalogueEntry.model_validate(values)
        entries.add(entry.name, entry)
    return entries


def download_path(entry: CatalogueEntry, home: Path) -> Path:
    """Where the file lies once fetched."""
    return home / "backbones" / "downloads" / f"{entry.name}-{entry.sha256[:12]}.onnx"


def keep(entry: CatalogueEntry, file: Path, home: Path) -> Path:
    """Puts a file that came by whatever way into its place, if it is the right one.

    Raises:
        ModelError: another size or hash than the catalogue states; nothing was opened.
    """
    data = read_bytes(file, largest=entry.bytes)
    if len(data) != entry.bytes or hashlib.sha256(data).hexdigest() != entry.sha256:
        raise ModelError(
            "The file {file} is not the backbone {name}: its checksum differs. Download it again from {url}",
            file=file,
            name=entry.name,
            url=entry.url,
        )
    target = download_path(entry, home)
    place(data, target)
    return target
