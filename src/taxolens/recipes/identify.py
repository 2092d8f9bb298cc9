"""Name new photos."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from taxolens.core.engine import Engine
from taxolens.core.errors import UsageError
from taxolens.recipes.derive import OutputRecipe
from taxolens.recipes.numbers import check_gap
from taxolens.recipes.shard import shard_of
from taxolens.recipes.source import SequenceBy, SiteBy
from taxolens.recipes.tile import TileRecipe


@dataclass(frozen=True, slots=True)
class IdentifyRecipe:
    """Everything that decides what an identification leaves.

    Attributes:
        photos: a photo, or a folder that is searched to any depth.
        model: the model file, or a pipeline.
        out: file or folder to write; the results themselves lie beside it.
        detector: a model file that finds the boxes whose crops `model` names; None: `model` looks at whole photos, or
            finds boxes itself, or is a pipeline.
        threshold: score below which the answer is "unsure"; None: the model's own.
        detector_threshold: boxes of which the detector of a cascade is less sure are not there; None: its own.
        top_k: how many best labels the table shows.
        workers: photos worked on at once; 0: one per processor.
        engine: what computes the model.
        restart: forget what an earlier run answered.
        retry_failed: try once more what could not be read.
        site_by: "folder": the first folder below `photos` is the site.
        sequence_by: how photos of one event are found, within each folder.
        gap: what still is one event: seconds between photos (exif), or steps between the numbers in file
            names (filename).
        max_megapixels: photos that announce more pixels are recorded as failures, unread.
        tile: how a detector cuts photos.
        every: seconds between the frames of a clip that are looked at.
        most_frames: at most so many of them in each clip.
        shard: "2/5": look at the second of five parts of the photos, which other machines need not know of;
            `taxolens merge` unites them.
        corrections: a table of file and label: what people say is in photos. It is kept beside the results,
            and counts in every later run.
        draw: folder for copies of the photos with what was found drawn on them; None: none are drawn.
        draw_blanks: photos in which nothing was found are copied there too.
        format: name of the format; None: as the end of `out` tells.
        deployments: table of where and when cameras stood, for formats that need it.
        project: file that says who made the data and how, for formats that tell it.
        language: of names of classes.
    """

    photos: Path
    model: Path
    out: Path
    detector: Path | None = None
    threshold: float | None = None
    detector_threshold: float | None = None
    top_k: int = 3
    workers: int = 0
    engine: Engine = Engine.ONNXRUNTIME
    restart: bool = False
    retry_failed: bool = False
    site_by: SiteBy = SiteBy.NONE
    sequence_by: SequenceBy = SequenceBy.NONE
    gap: float = 60.0
    max_megapixels: float = 150.0
    tile: TileRecipe = field(default_factory=TileRecipe)
    every: float = 1.0
    most_frames: int = 60
    shard: str | None = None
    corrections: Path | None = None
    draw: Path | None = None
    draw_blanks: bool = False
    format: str | None = None
    deployments: Path | None = None
    project: Path | None = None
    language: str = "en"

    def __post_init__(self) -> None:
        check_gap(self.gap)
        if not 0 < self.every < float("inf"):
            raise UsageError(
                "Frames cannot be {every} seconds apart. Give a number above 0.", every=self.every
            )
        if self.most_frames < 1:
            raise UsageError("{frames} frames of a clip are none. Give 1 or more.", frames=self.most_frames)
        shard_of(self.shard)
        if self.draw_blanks and self.draw is None:
            raise UsageError("--draw-blanks is about drawn pictures, and none are asked for. Add --draw DIR.")

    @property
    def output(self) -> OutputRecipe:
        """How the results are written."""
        return OutputRecipe(self.out, self.format, self.deployments, self.project, self.language)
