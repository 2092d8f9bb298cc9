"""Make labelled photos ready to learn from: divided, transformed, balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator

from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count, check_share
from taxolens.recipes.shard import shard_of
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.split import SplitRecipe
from taxolens.recipes.tile import LARGEST_TILE, LEAST_TILE, check_overlap


class Files(StrEnum):
    """What becomes of the photos: written into the folder, or only named by its tables."""

    COPY = "copy"
    NONE = "none"


class BalanceTo(StrEnum):
    """How many training photos every class is to have: those of the largest class, or of the middle one."""

    NONE = "none"
    MAX = "max"
    MEDIAN = "median"


_MOST_FOLDS = 100


@dataclass(frozen=True, slots=True)
class StepRecipe:
    """One change of the pixels, such as `clahe:clip=2,tiles=8`.

    Attributes:
        name: of the operation, see `taxolens prepare --list-steps`.
        parameters: by name, as given: text, number or truth value.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def text(self) -> str:
        """As it is written on a command line."""
        given = ",".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.name}:{given}" if given else self.name


def step_of(given: object) -> object:
    """Reads a step: `clahe:clip=2`, or a table with `name` and the parameters beside it or in `parameters`."""
    if isinstance(given, str):
        name, _, listed = given.partition(":")
        pairs = [pair.partition("=") for pair in listed.split(",") if pair.strip()]
        if not name.strip() or any(not equals or not key.strip() for key, equals, _ in pairs):
            raise UsageError("The step {step} is not written as name:key=value,key=value.", step=given)
        return StepRecipe(name.strip(), {key.strip(): value.strip() for key, _, value in pairs})
    if isinstance(given, Mapping) and isinstance(given.get("name"), str):
        rest = {key: value for key, value in given.items() if key != "name"}
        inner = rest.pop("parameters", {})
        return StepRecipe(given["name"], {**rest, **(inner if isinstance(inner, Mapping) else {})})
    return given


def _target_of(given: object) -> object:
    if isinstance(given, BalanceTo) or given in set(BalanceTo):
        return given
    try:
        number = int(str(given))
    except ValueError:
        number = 0
    if number < 1:
        raise UsageError(
            "Classes are balanced to none, max, median or a number from 1, not to {given}.", given=given
        )
    return number


Step = Annotated[StepRecipe, BeforeValidator(step_of)]


@dataclass(frozen=True, slots=True)
class BalanceRecipe:
    """Small classes filled up with changed copies, in the training part only.

    Attributes:
        to: photos that every class is to have.
        augment: what changes a copy: one of these steps each, in turn. A step that is a policy (`standard`)
            changes it by that policy. Empty: a usual choice.
        cut: classes with more photos lose the surplus; without it they are kept whole.
    """

    to: Annotated[BalanceTo | int, BeforeValidator(_target_of)] = BalanceTo.NONE
    augment: tuple[Step, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class PrepareSplit(SplitRecipe):
    """Shares of the three parts, with the shares that are usual for preparing."""

    train: float = 70.0
    val: float = 20.0
    test: float = 10.0


@dataclass(frozen=True, slots=True)
class PrepareTile:
    """Photos with boxes cut into tiles.

    Attributes:
        size: side of a tile in pixels of the photo; None: photos stay whole.
        overlap: share of a tile that its neighbour shows too, at least, 0..0.5.
        visible: share of a box that must lie in a tile for the box to stay there, cut to it. Of an animal of which
            less is seen nobody can tell what it is: taught as one, it would make an animal of every edge; of more
            one can, and left out it would teach that animals are background.
    """

    size: int | None = None
    overlap: float = 0.2
    visible: float = 0.3

    def __post_init__(self) -> None:
        if self.size is not None and not LEAST_TILE <= self.size <= LARGEST_TILE:
            raise UsageError(
                "A tile has {least} to {most} pixels, not {size}. Mend --tile.",
                least=LEAST_TILE,
                most=LARGEST_TILE,
                size=self.size,
            )
        check_overlap(self.overlap)
        check_share("--tile-visible", self.visible)
        if self.size is None and (self.overlap, self.visible) != (0.2, 0.3):
            raise UsageError(
                "--tile-overlap and --tile-visible are about tiles, and none are asked for. Add --tile PIXELS."
            )


@dataclass(frozen=True, slots=True)
class PrepareRecipe:
    """Everything that decides what a preparation leaves.

    Attributes:
        out: folder to write; None where nothing but a sheet or a table of measures is asked for.
        split: shares of the parts, and what is kept together.
        folds: divide into so many parts for cross-validation instead; 0: no folds.
        own_parts: what the source says of a photo's part counts.
        allow_missing: classes may be missing in a part of the split.
        transform: changes of the pixels of every photo, in this order.
        balance: copies for small classes.
        tile: photos with boxes cut into tiles, before the changes.
        files: what becomes of the photos.
        size: longest side of a written photo in pixels; None: as it is.
        quality: of JPEG and WebP that are written anew, 1..100.
        shard: "2/5": do the second fifth of the pixel work.
        restart: forget what an earlier preparation into the same folder left.
        workers: photos worked on at once; 0: one per processor.
        result: what came of it, in a recipe that was written back; not asked for.
    """

    source: SourceRecipe
    out: Path | None = None
    split: PrepareSplit = field(default_factory=PrepareSplit)
    folds: int = 0
    own_parts: bool = True
    allow_missing: bool = False
    transform: tuple[Step, ...] = ()
    balance: BalanceRecipe = field(default_factory=BalanceRecipe)
    tile: PrepareTile = field(default_factory=PrepareTile)
    files: Files = Files.COPY
    size: int | None = None
    quality: int = 95
    shard: str | None = None
    restart: bool = False
    workers: int = 0
    result: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        check_count("workers", self.workers)
        if self.folds and not 2 <= self.folds <= _MOST_FOLDS:
            raise UsageError(
                "Cross-validation takes 2 to {most} folds, not {folds}.", most=_MOST_FOLDS, folds=self.folds
            )
        if not 1 <= self.quality <= 100:
            raise UsageError("The quality lies from 1 to 100, not at {quality}.", quality=self.quality)
        if self.size is not None and not 8 <= self.size <= 65_500:
            raise UsageError(
                "The longest side has 8 to 65,500 pixels, not {size}. Mend --size.", size=self.size
            )
        shard_of(self.shard)
        if self.files is Files.NONE and (self.transform or self.size or self.shard or self.tile.size):
            raise UsageError(
                "--files none writes tables only, so no photo can be changed. Leave out --step, --size, --tile "
                "and --shard, or --files none."
            )
        if self.tile.size and self.balance.to is not BalanceTo.NONE:
            raise UsageError(
                "Tiles show several classes at once, so copies do not make classes equal. Leave out --balance "
                "or --tile."
            )
