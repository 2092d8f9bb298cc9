"""What is drawn on a photo: decided from the results of this photo alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from taxolens.core.geometry import WHOLE_IMAGE
from taxolens.core.records import UNSURE, Status
from taxolens.core.texts import Say
from taxolens.formats.about import Names
from taxolens.formats.result import Result
from taxolens.imaging.drawing import COLOURS, Mark
from taxolens.imaging.lettering import drawable
from taxolens.imaging.xmp import keyword_text

_LONGEST_TEXT = 60


class Marks:
    """Decides what is drawn.

    Args:
        names: what the classes are.
        language: of their names.
    """

    def __init__(self, names: Names, language: str, say: Say) -> None:
        self._names = names
        self._language = language
        self._say = say

    def of(self, rows: Sequence[Result]) -> tuple[Mark, ...]:
        """A mark for each thing that is there, in the order of the results; unsure ones are dashed."""
        shown = [
            (position, row)
            for position, row in enumerate(rows, start=1)
            if row.prediction.status is Status.OK
        ]
        colours = _colours(row.prediction.label for _, row in shown)
        return tuple(self._mark(position, row, colours[row.prediction.label]) for position, row in shown)

    def blank(self) -> Mark:
        """What is written on a photo in which nothing is."""
        return Mark(drawable(self._say("blank")))

    def _mark(self, position: int, row: Result, colour: int) -> Mark:
        said = row.prediction
        box = None if said.box == WHOLE_IMAGE else said.box
        return Mark(
            self._text(row),
            box,
            colour,
            number=None if box is None else row.number or position,
            name=self._say("unsure") if said.label == UNSURE else self._drawable(said.label),
            dashed=said.label == UNSURE,
        )

    def _text(self, row: Result) -> str:
        said, say = row.prediction, self._say
        if row.corrected_by:
            return f"{self._drawable(said.label)} ({_readable(row.corrected_by)})"
        if said.label == UNSURE:
            what = ": ".join(filter(None, (say("unsure"), self._drawable(said.top1) if said.top1 else "")))
        else:
            what = self._drawable(said.label)
        # A chain is as strong as its weakest link: that something is there, and what it is called.
        sure = said.score if row.detector_score is None else min(said.score, row.detector_score)
        return f"{what} {sure * 100:.0f}{' %' if self._language == 'fr' else '%'}"

    def _drawable(self, label: str) -> str:
        """The first of a class's names that the font has the letters of."""
        taxon = self._names[label]
        names = [taxon.name(self._language), taxon.scientific or "", label]
        return _readable(next((name for name in names if name and "?" not in drawable(name)), label))


def _colours(labels: Iterator[str]) -> dict[str, int]:
    """A colour for each class: the same in every photo, unless another class of this photo has it."""
    colours: dict[str, int] = {}
    most = len(COLOURS)
    for label in labels:
        if label not in colours:
            colour = zlib.crc32(label.encode("utf-8", "surrogatepass"))
            while colour % most in colours.values() and len(colours) < most:
                colour += 1
            colours[label] = colour % most
    return colours


def _readable(text: str) -> str:
    text = drawable(keyword_text(text))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."
