"""One row of a table of leaves: shape, colours and disease."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from taxolens.imaging.operations.picture import Pixels
from taxolens.imaging.plant.colour import Colour, colour_of
from taxolens.imaging.plant.lesion import find_lesions
from taxolens.imaging.plant.mask import leaf_mask
from taxolens.imaging.plant.shape import Shape, shape_of

_UNITS = {
    "area": "area_px",
    "perimeter": "perimeter_px",
    "hull_area": "hull_area_px",
    "width": "width_px",
    "height": "height_px",
    "longest_path": "longest_path_px",
    "major_axis": "major_axis_px",
    "minor_axis": "minor_axis_px",
    "angle": "angle_deg",
    "centre_x": "centre_x_px",
    "centre_y": "centre_y_px",
    "hue_mean": "hue_mean_deg",
    "hue_sd": "hue_sd_deg",
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured on the leaf of one photo.

    Attributes:
        leaf_share: of the photo that is leaf, 0..1; 0 where no leaf was found.
        shape: None where no leaf was found.
        colour: None where no leaf was found.
        diseased_share: of the leaf, 0..1; NaN where no leaf was found.
        lesions: number of diseased areas; NaN where no leaf was found.
        largest_lesion: its area in pixels; 0 where there is none, NaN where no leaf was found.
    """

    leaf_share: float
    shape: Shape | None
    colour: Colour | None
    diseased_share: float
    lesions: float
    largest_lesion: float

    @property
    def found(self) -> bool:
        """Whether there is a leaf."""
        return self.shape is not None

    @staticmethod
    def columns() -> tuple[str, ...]:
        """Names of the columns, with their units, in the order of `values`."""
        measured = [field.name for kind in (Shape, Colour) for field in fields(kind)]
        named = [_UNITS.get(name, name) for name in measured]
        return ("leaf_share", *named, "diseased_share", "lesions", "largest_lesion_px")

    def values(self) -> tuple[float, ...]:
        """One number per column; NaN where no leaf was found, and 1 or 0 for yes or no."""
        return (
            self.leaf_share,
            *_numbers(self.shape, Shape),
            *_numbers(self.colour, Colour),
            self.diseased_share,
            self.lesions,
            self.largest_lesion,
        )


def measure(pixels: Pixels) -> Measurement:
    """Finds the leaf and measures it.

    Args:
        pixels: uint8 [h, w, 3], upright RGB.
    """
    mask = leaf_mask(pixels)
    shape = shape_of(mask)
    if shape is None:
        return Measurement(0.0, None, None, math.nan, math.nan, math.nan)
    lesions = find_lesions(pixels, mask)
    return Measurement(
        leaf_share=float(mask.mean()),
        shape=shape,
        colour=colour_of(pixels, mask),
        diseased_share=lesions.share,
        lesions=float(len(lesions.areas)),
        largest_lesion=float(lesions.areas[0]) if len(lesions.areas) else 0.0,
    )


def _numbers(part: Shape | Colour | None, kind: type[Shape | Colour]) -> tuple[float, ...]:
    if part is None:
        return (math.nan,) * len(fields(kind))
    return tuple(float(getattr(part, field.name)) for field in fields(kind))
