"""What can be done to photos of leaves, as operations by name.

The leaf is looked for once: a picture that has a mask keeps it, and later steps use it. Where no leaf is found
the photo stays as it is, and its mask is empty.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.core.texts import noted
from taxolens.imaging.operations.crop import cut
from taxolens.imaging.operations.geometry import MIN_VISIBLE
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.parameter import Values, choice, colour, number, whole, yes_no
from taxolens.imaging.operations.picture import Mask, Picture
from taxolens.imaging.plant.histogram import Space, drawn, histogram
from taxolens.imaging.plant.landmarks import landmarks
from taxolens.imaging.plant.lesion import find_lesions, highlighted
from taxolens.imaging.plant.mask import leaf_mask
from taxolens.imaging.plant.overlay import with_landmarks, with_object, with_outline
from taxolens.imaging.plant.region import RegionShape, around, box_region
from taxolens.imaging.plant.shadow import without_shadow
from taxolens.imaging.plant.shape import extent_of, shape_of


def _found(picture: Picture) -> Mask:
    """The mask that the picture has, else that of its leaf."""
    return leaf_mask(picture.pixels) if picture.mask is None else picture.mask


def _leaf_mask(picture: Picture, values: Values, generator: Generator) -> Picture:
    mask = leaf_mask(picture.pixels)
    after = replace(picture, mask=mask)
    if not mask.any():
        return after
    if values["show"] == "outline":
        return after.with_pixels(with_outline(picture.pixels, mask))
    if values["show"] == "mask":
        return after.with_pixels(np.repeat(np.where(mask, 255, 0).astype(np.uint8)[..., None], 3, axis=2))
    pixels = picture.pixels.copy()
    pixels[~mask] = values["background"]
    return after.with_pixels(pixels)


def _shadow_removal(picture: Picture, values: Values, generator: Generator) -> Picture:
    mask = _found(picture)
    pixels = without_shadow(picture.pixels, mask, values["strength"])
    return replace(picture, pixels=pixels, mask=mask)


def _roi(picture: Picture, values: Values, generator: Generator) -> Picture:
    shape, mask = RegionShape(values["shape"]), picture.mask
    x, y = values["x"], values["y"]
    # As far as the photo reaches
    box: Box | None = Box(x, y, min(values["width"], 1 - x), min(values["height"], 1 - y))
    if shape is RegionShape.AUTO:
        mask = _found(picture)
        box = around(mask, values["margin"])
    if box is None:
        return replace(picture, mask=mask)
    region = box_region(picture.width, picture.height, box, shape, values["corners"])
    if not region.any():
        return replace(picture, mask=region)
    after = _outside_covered(
        replace(picture, mask=region if mask is None else mask), region, values["background"]
    )
    return cut(after, extent_of(region)) if values["crop"] else after


def _outside_covered(picture: Picture, region: Mask, tone: tuple[int, int, int]) -> Picture:
    """One colour outside a region; boxes of which too little is left to see are dropped."""
    pixels = picture.pixels.copy()
    pixels[~region] = tone
    left = np.array([_share(region, box) for box in picture.boxes])
    mask = None if picture.mask is None else picture.mask & region
    after = replace(picture, pixels=pixels, mask=mask, visible=picture.visible * left)
    return after.keep_boxes(after.visible >= MIN_VISIBLE)


def _share(region: Mask, box: NDArray[np.float64]) -> float:
    """Which share of a box lies in a region, counted in the pixels that it touches."""
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    inside = region[top:bottom, left:right]
    return float(inside.mean()) if inside.size else 0.0


def _landmarks(picture: Picture, values: Values, generator: Generator) -> Picture:
    mask = _found(picture)
    found = landmarks(mask, values["count"])
    after = replace(picture, mask=mask)
    return after if found is None else after.with_pixels(with_landmarks(picture.pixels, mask, found))


def _lesions(picture: Picture, values: Values, generator: Generator) -> Picture:
    mask = _found(picture)
    found = find_lesions(picture.pixels, mask)
    pixels = highlighted(picture.pixels, found, values["colour"], values["boxes"])
    return replace(picture, pixels=pixels, mask=mask)


def _object(picture: Picture, values: Values, generator: Generator) -> Picture:
    mask = _found(picture)
    shape = shape_of(mask)
    after = replace(picture, mask=mask)
    return after if shape is None else after.with_pixels(with_object(picture.pixels, mask, shape))


def _colour_histogram(picture: Picture, values: Values, generator: Generator) -> Picture:
    mask = _found(picture)
    inside = mask if mask.any() else np.ones_like(mask)
    found = histogram(picture.pixels, inside, Space(values["space"]), values["bins"])
    shown = replace(picture, pixels=drawn(found, picture.width, picture.height), mask=mask)
    return shown.keep_boxes(np.zeros(len(picture.boxes), np.bool_))


STEPS = (
    Operation(
        "leaf-mask",
        noted("Finds the leaf, without its shadow, and paints over what is not leaf."),
        (
            choice("show", "leaf", ("leaf", "outline", "mask"), noted("What is shown")),
            colour("background", (255, 255, 255), noted("The colour of what is not leaf")),
        ),
        spatial=False,
        run=_leaf_mask,
    ),
    Operation(
        "shadow-removal",
        noted("Takes the shadow off the background and evens out the light on the leaf."),
        (number("strength", 1.0, 0, 1, noted("Share of the shadow that is taken off")),),
        spatial=False,
        run=_shadow_removal,
    ),
    Operation(
        "roi",
        noted("Keeps a region of interest, or the box round the leaf (auto)."),
        (
            choice("shape", "auto", tuple(RegionShape), noted("The shape of the region")),
            number("x", 0.1, 0, 1, noted("Left edge, as a share of the width")),
            number("y", 0.1, 0, 1, noted("Top edge, as a share of the height")),
            number("width", 0.8, 0.001, 1, noted("Width, as a share of the photo's")),
            number("height", 0.8, 0.001, 1, noted("Height, as a share of the photo's")),
            whole("corners", 6, 3, 64, noted("Corners of a polygon")),
            number(
                "margin", 0.05, 0, 2, noted("Room round the leaf, as a share of its size on each side (auto)")
            ),
            yes_no("crop", True, noted("Cuts the photo to the region; otherwise paints over the rest")),
            colour("background", (0, 0, 0), noted("The colour outside the region")),
        ),
        spatial=True,
        run=_roi,
    ),
    Operation(
        "object",
        noted("Draws what is measured on the leaf: outline, convex hull, box, axes and centre."),
        (),
        spatial=False,
        run=_object,
    ),
    Operation(
        "landmarks",
        noted("Draws pseudo-landmarks along the outline: equal distances, tips, notches and extremes."),
        (whole("count", 20, 3, 500, noted("How many points at equal distances")),),
        spatial=False,
        run=_landmarks,
    ),
    Operation(
        "lesions",
        noted("Highlights the diseased areas of the leaf."),
        (
            colour("colour", (255, 0, 255), noted("The colour they are shown in")),
            yes_no("boxes", True, noted("A box round each")),
        ),
        spatial=False,
        run=_lesions,
    ),
    Operation(
        "colour-histogram",
        noted("Draws the colour histogram of the leaf, or of the photo where there is none."),
        (
            choice("space", "rgb", tuple(Space), noted("RGB, HSV or L*a*b*")),
            whole("bins", 64, 4, 256, noted("Number of bins per channel")),
        ),
        spatial=False,
        run=_colour_histogram,
    ),
)
"""What the registry of operations takes from this room."""
