"""Pages about fixed objects: one of all, and one for each with what was in its box over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.formats.media import is_video
from taxolens.formats.repeats import TABLE, Repeat
from taxolens.imaging.crop import crop, outlined
from taxolens.recipes.repeats import RepeatsRecipe
from taxolens.report.gallery import Gallery, Picture
from taxolens.report.page import Block, Page, Section
from taxolens.report.panels import Command, Commands, Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole

INDEX = "index.html"
_CROPS, _CROP_SIDE, _WHOLE_SIDE, _SMALL_SIDE = 12, 260, 760, 150
_PAGES = 500
_PICTURED = 200


def write_pages(found: Sequence[Repeat], recipe: RepeatsRecipe, *, progress: Progress, say: Say) -> None:
    """Writes `index.html`, and `object-N.html` for each of the first 500 objects where the photos are there.

    Raises:
        OutputError: a page cannot be written.
    """
    wording = Wording(say, recipe.language)
    photos = recipe.photos
    if photos is not None:
        for one in progress.track(found[:_PAGES], what=say("Making pages"), total=min(len(found), _PAGES)):
            _write(recipe.out / page_name(one), _object_page(one, photos, wording), wording)
        if len(found) > _PAGES:
            progress.note(
                say("Pages were made of the first {shown} objects; the table has all {count}.").format(
                    shown=_PAGES, count=len(found)
                )
            )
    _write(recipe.out / INDEX, _index(found, recipe, wording), wording)


def page_name(one: Repeat) -> str:
    """The file of an object's page."""
    return f"object-{one.object}.html"


def _write(path: Path, page: Page, wording: Wording) -> None:
    with written_whole(path) as file:
        file.write(page.html(wording).encode("utf-8"))


def _object_page(one: Repeat, photos: Path, wording: Wording) -> Page:
    say = wording.say
    names = sorted(one.boxes)
    spread = np.linspace(0, len(names) - 1, min(_CROPS, len(names))).round().astype(int)
    crops = tuple(_cut(names[position], one, photos) for position in spread)
    middle = names[len(names) // 2]
    whole = Picture(middle, _read(outlined, middle, one, photos, _WHOLE_SIDE), ())
    blocks: tuple[Block, ...] = (
        Gallery(say("The whole photo"), (whole,)),
        Gallery(say("The same place in other photos"), crops, small=True),
    )
    return Page(
        title=say("Object {number}").format(number=one.object),
        lead=say("{site}: {n} photos, from {first} to {last}. The detector says: {label}.").format(
            label=one.label,
            n=wording.count(one.n),
            site=one.site or say("All photos"),
            first=one.first,
            last=one.last,
        ),
        sections=(
            Section(
                "pictures",
                say("Is it an animal?"),
                say("If it is, write yes in the column keep of {table}.").format(table=TABLE),
                blocks,
            ),
        ),
        eyebrow=say("Boxes that come back"),
    )


def _index(found: Sequence[Repeat], recipe: RepeatsRecipe, wording: Wording) -> Page:
    say = wording.say
    columns = (
        Column(say("Object"), numeric=True),
        Column(say("Site")),
        Column(say("Label")),
        Column(say("Photos"), numeric=True),
        Column(say("First")),
        Column(say("Last")),
    )
    rows = tuple(_row(one, wording) for one in found)
    blocks: list[Block] = [Table(say("Boxes that come back"), columns, rows, hidden_caption=True)]
    photos = recipe.photos
    if photos is not None and found:
        shown = tuple(_sample(one, photos, say) for one in found[:_PICTURED])
        blocks.append(Gallery(say("One photo of each"), shown, small=True))
    if any(isinstance(one.first, str) for one in found):
        blocks.insert(
            0,
            Notice(
                say("Some photos tell no time: an animal that rests may be among the objects."), Tone.CAREFUL
            ),
        )
    return Page(
        title=recipe.results.name,
        lead=say("Places where a box comes back: {count}. What nobody keeps is set aside.").format(
            count=wording.count(len(found))
        ),
        sections=(
            Section("objects", say("Boxes that come back"), "", tuple(blocks)),
            Section("next", say("What to do next"), "", (_next(recipe, say),)),
        ),
        eyebrow=say("Boxes that come back"),
    )


def _next(recipe: RepeatsRecipe, say: Say) -> Commands:
    line = f"taxolens repeats {recipe.results.name} --reviewed {recipe.out.name} --out detections-clean.json"
    purpose = say("Write yes in the column keep of {table} where it is an animal, then").format(table=TABLE)
    return Commands((Command(purpose, line),))


def _row(one: Repeat, wording: Wording) -> Row:
    return Row(
        (
            Cell(str(one.object), one.object),
            Cell(one.site),
            Cell(one.label),
            Cell(wording.count(one.n), one.n),
            Cell(str(one.first)),
            Cell(str(one.last)),
        )
    )


def _cut(name: str, one: Repeat, photos: Path) -> Picture:
    return Picture(name, _read(crop, name, one, photos, _CROP_SIDE), ())


def _sample(one: Repeat, photos: Path, say: Say) -> Picture:
    name = min(one.boxes)
    number = say("Object {number}").format(number=one.object)
    return Picture(name, _read(crop, name, one, photos, _SMALL_SIDE), ((say("Object"), number),))


def _read(
    cut: Callable[[Path, Box, int], bytes], name: str, one: Repeat, photos: Path, side: int
) -> bytes | None:
    """A picture; None of a video, and where the photo cannot be read."""
    if is_video(name):
        return None
    try:
        return cut(photos / name, one.box, side)
    except (ImageError, ValueError):
        return None
