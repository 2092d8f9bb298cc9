"""A sheet of photos before and after each step, so that a recipe can be judged before it is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from taxolens.core.errors import ImageError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Image
from taxolens.core.texts import Say, noted
from taxolens.data.dataset import load_dataset
from taxolens.imaging.operations.apply import apply_steps, photo_seed
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.rewrite import read_photo
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.storage.atomic import told_as_output, written_whole
from taxolens.workflows.prepare_photo import changed
from taxolens.workflows.prepare_steps import Steps, read_steps

_Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
_PHOTOS = 4
_SIDE, _GAP, _LINE = 220, 12, 18
_INK, _PAPER, _BOX = (40, 40, 40), (255, 255, 255), (230, 60, 30)
_LEARNT_FROM = 100
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_AMONG = noted("{file} would lie among the photos, which are never changed. Name another place.")


def preview(recipe: PrepareRecipe, sheet: Path, *, home: Path, progress: Progress, say: Say) -> None:
    """Writes a sheet: a row for each of a few photos, a column for each step and each change of copies.

    Args:
        sheet: picture to write; nothing else is written.

    Raises:
        UsageError: there is nothing to show, or the sheet would lie among the photos.
        DataError: the photos cannot be read.
        OutputError: it cannot be written.
    """
    steps = read_steps(recipe)
    check_beside(sheet, recipe.source.data, _SUFFIXES)
    if not steps.all and not steps.copies:
        raise UsageError("There is nothing to show. Add --step, --augment or --balance.")
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say)
    _check_spared(sheet, dataset.images)
    if steps.learn_from:
        steps = steps.fitted(lambda: _pixels(recipe, dataset.images))
    rows = [_row(recipe, steps, image) for image in _chosen(recipe, dataset.images)]
    if not rows:
        raise UsageError("No photo of {data} can be read.", data=recipe.source.data)
    titles = [say("before"), *(step.text for step in steps.all), *steps.copies]
    picture = _drawn(titles, [(_title(image), tiles) for image, tiles in rows])
    file = BytesIO()
    picture.save(file, Pillow.registered_extensions()[sheet.suffix.lower()])
    with told_as_output(sheet):
        sheet.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(sheet) as target:
        target.write(file.getvalue())


def check_beside(file: Path, data: Path, suffixes: Sequence[str]) -> None:
    """Refuses a file that would lie among the photos it is made from, or has another kind of name.

    Raises:
        UsageError: it cannot be written there.
    """
    if file.suffix.lower() not in suffixes:
        raise UsageError(
            "{file} must have a name that ends in {suffixes}.", file=file, suffixes=" or ".join(suffixes)
        )
    place, source = file.resolve(), data.resolve()
    if file.is_dir() or place == source or (data.is_dir() and place.is_relative_to(source)):
        raise UsageError(_AMONG, file=file)


def _check_spared(file: Path, images: Sequence[Image]) -> None:
    """Refuses to write over a photo, wherever a table found it."""
    if file.exists() and any(_is_same(image.path, file) for image in images):
        raise UsageError(_AMONG, file=file)


def _is_same(photo: Path, file: Path) -> bool:
    """A look at the names first: of a million photos few are asked of the disk."""
    return photo.name.casefold() == file.name.casefold() and photo.exists() and photo.samefile(file)


def _chosen(recipe: PrepareRecipe, images: Sequence[Image]) -> Iterator[Image]:
    """A few photos that can be read, of as many classes as there are."""
    by_class: dict[str, list[Image]] = {}
    for image in images:
        by_class.setdefault(image.label or "", []).append(image)
    groups = list(by_class.values())
    groups = groups[:: max(1, len(groups) // _PHOTOS)]
    turns = max(map(len, groups), default=0)
    ordered = (group[turn] for turn in range(turns) for group in groups if turn < len(group))
    found = 0
    for image in ordered:
        if found < _PHOTOS and _read(recipe, image) is not None:
            found += 1
            yield image


def _read(recipe: PrepareRecipe, image: Image) -> Pixels | None:
    try:
        content = image.path.read_bytes()
        return read_photo(content, max_megapixels=recipe.source.max_megapixels).pixels
    except (ImageError, OSError):
        return None


def _pixels(recipe: PrepareRecipe, images: Sequence[Image]) -> Iterator[Pixels]:
    for image in images[:: -(-len(images) // _LEARNT_FROM)]:
        pixels = _read(recipe, image)
        if pixels is not None:
            yield pixels


def _row(recipe: PrepareRecipe, steps: Steps, image: Image) -> tuple[Image, list[Picture]]:
    """A photo as it is, after each step, and after all of them with each change of copies."""
    pixels = _read(recipe, image)
    if pixels is None:
        raise UsageError("{file} could be read at first and then no longer.", file=image.path)
    try:
        return image, changed(lambda: _tiles(steps, image, pixels))
    except ImageError as error:
        raise UsageError(
            "A step could not change {file}. Leave it out, or mend its values.", file=image.path
        ) from error


def _tiles(steps: Steps, image: Image, pixels: Pixels) -> list[Picture]:
    tiles = [Picture.of(pixels, [one.box for one in image.annotations or ()])]
    for number in range(len(steps.all)):
        seed = photo_seed(steps.seed, image.name)
        tiles.append(apply_steps(tiles[0], steps.all[: number + 1], seed))
    last = tiles[-1]
    tiles += [steps.vary(last, image.name, copy, text) for copy, text in enumerate(steps.copies, start=1)]
    return tiles


def _title(image: Image) -> str:
    return f"{image.label}: {image.path.name}" if image.label else image.path.name


def _drawn(titles: Sequence[str], rows: Sequence[tuple[str, list[Picture]]]) -> Pillow.Image:
    font = ImageFont.load_default(13)
    measure = ImageDraw.Draw(Pillow.new("RGB", (1, 1)))
    heads = [_lines(measure, title, font) for title in titles]
    cell, head = _SIDE + _GAP, max(map(len, heads)) * _LINE + 2 * _GAP
    size = (_GAP + cell * len(titles), head + (cell + _LINE) * len(rows))
    sheet = Pillow.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    for column, lines in enumerate(heads):
        for line, text in enumerate(lines):
            draw.text((_GAP + cell * column, _GAP + _LINE * line), text, _INK, font)
    for row, (title, tiles) in enumerate(rows):
        top = head + (cell + _LINE) * row
        draw.text((_GAP, top), _cut(draw, title, font, cell * len(titles)), _INK, font)
        for column, tile in enumerate(tiles):
            sheet.paste(_tile(tile), (_GAP + cell * column, top + _LINE))
    return sheet


def _lines(draw: ImageDraw.ImageDraw, title: str, font: _Font) -> list[str]:
    """A step's name and, below it, its values, as many on a line as there is room for."""
    name, _, values = title.partition(":")
    lines = [name]
    for value in filter(None, values.split(",")):
        longer = f"{lines[-1]}, {value}"
        if len(lines) > 1 and draw.textlength(longer, font) <= _SIDE:
            lines[-1] = longer
        else:
            lines.append(value)
    return [_cut(draw, line, font, _SIDE) for line in lines]


def _cut(draw: ImageDraw.ImageDraw, text: str, font: _Font, width: int) -> str:
    while text and draw.textlength(text, font) > width:
        text = text[:-2] + "…" if len(text) > 2 else ""
    return text


def _tile(picture: Picture) -> Pillow.Image:
    """A picture with its boxes, made to fit its place."""
    tile = Pillow.fromarray(picture.pixels)
    tile.thumbnail((_SIDE, _SIDE))
    scale = tile.width / picture.width, tile.height / picture.height
    draw = ImageDraw.Draw(tile)
    for left, top, right, bottom in picture.boxes.tolist():
        edges = (left * scale[0], top * scale[1], right * scale[0] - 1, bottom * scale[1] - 1)
        draw.rectangle((edges[0], edges[1], max(edges[0], edges[2]), max(edges[1], edges[3])), None, _BOX, 2)
    return tile
