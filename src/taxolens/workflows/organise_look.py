"""What is drawn on a copy, blurred on it and written into it: decided from the results of its photo alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taxolens.core.geometry import WHOLE_IMAGE, Box
from taxolens.core.records import UNSURE, Status
from taxolens.core.texts import Say
from taxolens.formats.about import Names
from taxolens.formats.result import Result
from taxolens.imaging.drawing import Mark
from taxolens.imaging.xmp import keyword_text
from taxolens.recipes.organise import OrganiseRecipe
from taxolens.workflows.marks import Marks
from taxolens.workflows.organise_source import PRIVATE


@dataclass(frozen=True, slots=True)
class Look:
    """How a copy differs from its original; nothing of all: it does not.

    Attributes:
        marks: what is drawn.
        hidden: what is blurred.
        keywords: what its XMP names.
    """

    marks: tuple[Mark, ...] = ()
    hidden: tuple[Box, ...] = ()
    keywords: tuple[str, ...] = ()

    @property
    def changes_pixels(self) -> bool:
        """Whether the photo is decoded and written anew."""
        return bool(self.marks or self.hidden)


UNCHANGED = Look()


def labels_of(rows: Sequence[Result]) -> tuple[str, ...]:
    """What is named in a photo, each once; empty where all is unsure or blank."""
    named = (row.prediction.label for row in rows if row.prediction.status is Status.OK)
    return tuple(dict.fromkeys(label for label in named if label and label != UNSURE))


class Looks:
    """Decides looks.

    Args:
        recipe: what was asked for.
        names: what the classes are.
    """

    def __init__(self, recipe: OrganiseRecipe, names: Names, say: Say) -> None:
        self._recipe = recipe
        self._names = names
        self._marks = Marks(names, recipe.language, say)

    def of(self, rows: Sequence[Result]) -> Look:
        """The look of a photo's copies."""
        recipe = self._recipe
        return Look(
            self._marks.of(rows) if recipe.boxes else (),
            self.hidden(rows) if recipe.blur else (),
            tuple(self._keywords(rows)) if recipe.keywords else (),
        )

    def hidden(self, rows: Sequence[Result]) -> tuple[Box, ...]:
        """Where people and vehicles are: their boxes; the whole photo where one of them has no box."""
        boxes = [row.prediction.box or WHOLE_IMAGE for row in rows if self._is_private(row)]
        return (WHOLE_IMAGE,) if WHOLE_IMAGE in boxes else tuple(dict.fromkeys(boxes))

    def _is_private(self, row: Result) -> bool:
        """Also where the model is not sure; but not where a person says that it is something else."""
        said = row.prediction
        told = [said.label] if row.corrected_by else [said.label, said.top1, row.category or ""]
        return any(self._names.role(label) in PRIVATE for label in told if label)

    def _keywords(self, rows: Sequence[Result]) -> Iterator[str]:
        given: set[str] = set()
        for label in labels_of(rows):
            taxon = self._names[label]
            for word in map(keyword_text, (taxon.name(self._recipe.language), taxon.scientific or "")):
                if word and word not in given:
                    given.add(word)
                    yield word
