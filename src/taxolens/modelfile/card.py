"""The card of a model: everything about it that is not weights, as JSON inside the ONNX file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    ValidationError,
    model_validator,
)

from taxolens.core.errors import ModelError, UsageError
from taxolens.core.printable import UNPRINTABLE, printable
from taxolens.core.taxonomy import Role, Taxon
from taxolens.core.version import VERSION
from taxolens.imaging.preprocess import Filter, Fit, Preprocess
from taxolens.imaging.region import WIDEST_MARGIN, CropRule
from taxolens.imaging.tiling import Tiling
from taxolens.recipes.tile import LARGEST_TILE, LEAST_TILE, MOST_OVERLAP

CARD_KEY = "taxolens.card"
SCHEMA = 1
MOST_CLASSES = 20_000
"""Judging keeps a table of every class against every other, 3.2 GB at this number."""
MOST_CARD_BYTES = 64 * 1024 * 1024


def _shown_as_it_is(text: str) -> str:
    if UNPRINTABLE.search(text):
        raise ValueError(f"{text!a} holds control characters")
    return text


Plain = AfterValidator(_shown_as_it_is)
"""A card is shown on terminals, which obey control characters."""
LEAST_SIDE, LARGEST_SIDE = 8, 4096
Side = Annotated[int, Field(ge=LEAST_SIDE, le=LARGEST_SIDE)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Positive = Annotated[FiniteFloat, Field(gt=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Word = Annotated[str, Field(max_length=1000), Plain]
Means = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
Deviations = tuple[Positive, Positive, Positive]


class Task(StrEnum):
    """What a model is for."""

    CLASSIFY = "classify"
    DETECT = "detect"
    EMBED = "embed"


class _Part(BaseModel):
    # Keys of later versions are tolerated and dropped.
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    @classmethod
    def made(cls, **fields: object) -> Self:
        """A checked one from values that a user gave, directly or through data.

        Raises:
            UsageError: a value that cannot be meant; the message names it.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            where, why = _first_fault(error)
            raise UsageError(
                "A model's card cannot hold this {where}: {why}. Give another value.", where=where, why=why
            ) from error

    def changed(self, **fields: object) -> Self:
        """A checked copy with other values.

        Raises:
            UsageError: a value that cannot be meant; the message names it.
        """
        return type(self).made(**{**self._values(), **fields})

    def _values(self) -> Mapping[str, object]:
        return {name: getattr(self, name) for name in type(self).model_fields}


class CardClass(_Part):
    """One class of a model; see `taxolens.core.taxonomy.Taxon`."""

    id: Annotated[str, Field(min_length=1, max_length=1000), Plain]
    names: dict[Word, Word] = Field(default_factory=dict)
    scientific: Word | None = None
    rank: Word | None = None
    gbif_id: int | None = None
    role: Role | None = None
    lineage: dict[Word, Word] | None = None

    @classmethod
    def of(cls, taxon: Taxon) -> CardClass:
        """The class of a taxon."""
        return cls.made(
            id=taxon.id,
            names=dict(taxon.names),
            scientific=taxon.scientific,
            rank=taxon.rank,
            gbif_id=taxon.gbif_id,
            role=taxon.role,
            lineage=dict(taxon.lineage) or None,
        )

    @property
    def taxon(self) -> Taxon:
        """The same as a noun of the field."""
        return Taxon(
            self.id, self.names, self.scientific, self.rank, self.gbif_id, self.role, self.lineage or {}
        )


class CardTile(_Part):
    """How photos are cut into tiles before a detector looks at them; see `taxolens.imaging.tiling`.

    Attributes:
        side: of a tile in pixels of the photo.
        overlap: share of the side that neighbours have in common at least.
        whole: the whole photo is looked at too, for animals larger than the overlap.
    """

    side: Annotated[int, Field(ge=LEAST_TILE, le=LARGEST_TILE)]
    overlap: Annotated[FiniteFloat, Field(ge=0, le=MOST_OVERLAP)] = 0.2
    whole: bool = True

    @property
    def tiling(self) -> Tiling:
        """The same as a way to cut photos."""
        return Tiling(self.side, self.overlap)


class CardCrop(_Part):
    """What is cut out for a box that a classifier names; see `taxolens.imaging.region`.

    Attributes:
        margin: what is shown around the box on each side, as a share of the box's own sides.
        pixels: least side in pixels of the photo.
        square: the shorter side grows to the longer one.
    """

    margin: Annotated[FiniteFloat, Field(ge=0, le=WIDEST_MARGIN)]
    pixels: Annotated[int, Field(ge=1, le=LARGEST_SIDE)]
    square: bool

    @classmethod
    def of(cls, rule: CropRule) -> CardCrop:
        """What a model should know of a rule: which boxes are worth a look is the detector's matter."""
        return cls.made(margin=rule.margin, pixels=rule.pixels, square=rule.square)

    @property
    def rule(self) -> CropRule:
        """The same as a way to cut boxes out."""
        return CropRule(self.margin, self.pixels, self.square)


class CardInput(_Part):
    """How a photo becomes the input tensor.

    Attributes:
        tensor: name of the input.
        width: in pixels.
        height: in pixels.
        uint8: the graph takes pixels as they are and normalises them itself.
        layout: "nhwc" or "nchw".
        mean: of pixels in 0..1; what the graph subtracts where `uint8`, else what must be subtracted.
        std: of pixels in 0..1; likewise.
        multiple: where it is set, the graph's sides are open: photos are padded only to the next multiple of it,
            and `width` and `height` are the most.
        tile: of a detector that looks at photos tile by tile: each tile becomes an input.
        crop: of a classifier that learnt from boxes: each box becomes an input.
    """

    tensor: Word = "image"
    width: Side
    height: Side
    order: Literal["rgb", "bgr"] = "rgb"
    fit: Fit = Fit.SQUASH
    filter: Filter = Filter.BILINEAR
    crop_fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] = 0.875
    scaled_decode: Annotated[int, Field(ge=0, le=8)] = 2
    mean: Means = (0.0, 0.0, 0.0)
    std: Deviations = (1.0, 1.0, 1.0)
    uint8: bool = True
    layout: Literal["nhwc", "nchw"] = "nhwc"
    multiple: Annotated[int, Field(ge=1, le=LARGEST_SIDE)] | None = None
    tile: CardTile | None = None
    crop: CardCrop | None = None


class CardOutput(_Part):
    """What the graph answers.

    Attributes:
        decoder: how the tensor is read ("probabilities", "embedding", ...); of a detector see
            `taxolens.inference.decoders`.
        tensor: its name.
        size: how many numbers it holds for one photo, where that is fixed.
        overlap: of two boxes of one class with a larger intersection over union, only the surer one is kept;
            None: the graph itself leaves each thing one box.
    """

    decoder: Word
    tensor: Word
    size: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    overlap: Share | None = None


class Thresholds(_Part):
    """Where an answer begins.

    Attributes:
        unsure: below it the answer is "unsure".
        precision: the accuracy that this was chosen to reach.
        typical: boxes of a detector that are less sure are not shown where nothing else is asked for.
        conservative: boxes that are less sure are not kept; few animals are missed, many boxes hold nothing.
    """

    unsure: Share = 0.0
    precision: Share | None = None
    typical: Share | None = None
    conservative: Share | None = None


class Conformal(_Part):
    """Split conformal sets: labels with probability >= 1 - quantile hold the truth in `coverage` of cases."""

    method: Literal["lac"] = "lac"
    coverage: Share
    quantile: Share


class Metric(_Part):
    """A figure with its 95 % interval and the data it was measured on."""

    name: Word
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    n: Annotated[int, Field(ge=0)] | None = None
    data: Word | None = None
    split: Word | None = None


class SplitRule(_Part):
    """How the data were divided: what stayed on one side, shares in percent, seed."""

    by: Word
    train: FiniteFloat | None = None
    val: FiniteFloat | None = None
    test: FiniteFloat | None = None
    seed: int | None = None


class CardBackbone(_Part):
    """The frozen network that a head stands on."""

    name: Word
    sha256: Sha256
    licence: Word | None = None


class Card(_Part):
    """Everything about a model that is not weights.

    Attributes:
        temperature: what the logits were divided by; the graph holds it already. Of a detector: the share of a class in a
            box is in proportion to score ** (1 / temperature), which is seen to when boxes are decided.
        variant_of: sha256 of the float original, for int8 and pruned variants.
        recipe: what the training was asked to do.
        data_fingerprint: see `taxolens.modelfile.fingerprint`.
        notes: sentences for people, in English.
    """

    schema_version: Annotated[int, Field(ge=1)] = SCHEMA
    name: Annotated[str, Field(min_length=1, max_length=200), Plain]
    version: Word = "1"
    task: Task
    classes: Annotated[tuple[CardClass, ...], Field(max_length=MOST_CLASSES)] = ()
    input: CardInput
    output: CardOutput
    thresholds: Thresholds = Thresholds()
    temperature: Positive = 1.0
    conformal: Conformal | None = None
    variant_of: Sha256 | None = None
    metrics: Annotated[tuple[Metric, ...], Field(max_length=10_000)] = ()
    split: SplitRule | None = None
    recipe: dict[str, JsonValue] = Field(default_factory=dict)
    data_fingerprint: Sha256 | None = None
    backbone: CardBackbone | None = None
    licence: Word | None = None
    created_with: Word = f"taxolens {VERSION}"
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    notes: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        ids = [one.id for one in self.classes]
        if len(set(ids)) != len(ids):
            raise ValueError("a class is listed twice")
        if self.task is not Task.EMBED and not ids:
            raise ValueError("no classes")
        if self.input.tile is not None and self.task is not Task.DETECT:
            raise ValueError("tiles, which are for detectors")
        if self.input.crop is not None and self.task is not Task.CLASSIFY:
            raise ValueError("crops, which are for classifiers")
        return self

    @property
    def preprocess(self) -> Preprocess:
        """The decode and resize rule."""
        rule = self.input
        return Preprocess(
            width=rule.width,
            height=rule.height,
            fit=rule.fit,
            filter=rule.filter,
            crop_fraction=rule.crop_fraction,
            scaled_decode=rule.scaled_decode,
            order=rule.order,
            multiple=rule.multiple,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Class ids in the order of the output."""
        return tuple(one.id for one in self.classes)

    @property
    def taxa(self) -> tuple[Taxon, ...]:
        """The classes as taxa, in the order of the output."""
        return tuple(one.taxon for one in self.classes)

    def to_json(self) -> str:
        """Canonical JSON: the same card is always the same text."""
        values = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Card:
        """Reads a card.

        Raises:
            ModelError: not JSON, not a card, or values that cannot be meant.
        """
        try:
            card = cls.model_validate_json(text)
        except ValidationError as error:
            where, why = _first_fault(error)
            raise ModelError(
                "The model's card cannot be used: {where}: {why}. Get the model again from its maker.",
                where=where,
                why=why,
            ) from error
        if card.schema_version > SCHEMA:
            raise ModelError(
                "The model's card was written by a newer Taxolens ({written}). Update Taxolens.",
                written=card.created_with,
            )
        return card


def _first_fault(error: ValidationError) -> tuple[str, str]:
    """Where in a card the first fault is, and what it is."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "card"
    return printable(where), first["msg"].removeprefix("Value error, ")
