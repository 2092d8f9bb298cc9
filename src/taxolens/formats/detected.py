"""One photo as a file of detections tells it: what all dialects share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Failure, Prediction, Score, Status
from taxolens.formats.boxes import finite
from taxolens.formats.result import Result

BLANK = "blank"
UNREADABLE = "The program that made the detections could not read it: {why}"


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one photo in one file.

    Attributes:
        file: the file of detections.
        values: the fields, unchecked.
        name: the photo, with forward slashes.
    """

    file: Path
    values: dict[str, Any]
    name: str

    @classmethod
    def of(cls, values: object, file: Path, *, key: str) -> Entry:
        """The entry of a photo whose name is the field `key`.

        Raises:
            DataError: it is no entry.
        """
        name = values.get(key) if isinstance(values, dict) else None
        if not isinstance(values, dict) or not isinstance(name, str) or not name.strip():
            raise DataError(
                "{file} lists something that names no photo: {text}.", file=file, text=repr(values)[:80]
            )
        return cls(file, values, name if "/" in name else name.replace("\\", "/"))

    def fault(self, what: object) -> DataError:
        """What is said of an entry that cannot be meant."""
        return DataError(
            "What {file} says of the photo {photo} cannot be meant: {text}. Get the file again from the "
            "program that wrote it.",
            file=self.file,
            photo=self.name,
            text=repr(what)[:80],
        )

    def objects(self, key: str) -> list[dict[str, Any]]:
        """The list of objects under a key; empty where there is none."""
        found = self.values.get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.fault(found)
        return found

    def score(self, value: object) -> float:
        """A confidence, 0..1."""
        number = finite(value)
        if number is None or isinstance(value, str) or not 0 <= number <= 1:
            raise self.fault(value)
        return number

    def confidence(self, value: object) -> float:
        """A confidence of a detection, -1..1: below 0 it was set aside as a fixed object, and is none any more."""
        number = finite(value)
        return -self.score(-number) if number is not None and number < 0 else self.score(value)

    def corners(self, value: object) -> tuple[float, float, float, float]:
        """Four numbers."""
        numbers = [finite(one) for one in value] if isinstance(value, Sequence) else []
        if len(numbers) != 4 or isinstance(value, str):
            raise self.fault(value)
        first, second, third, fourth = numbers
        if first is None or second is None or third is None or fourth is None:
            raise self.fault(value)
        return first, second, third, fourth

    def box(self, value: object) -> Box:
        """A box given as left, top, width, height in shares, cut to the photo."""
        left, top, width, height = self.corners(value)
        if min(left, top, width, height) >= 0 and left + width <= 1 and top + height <= 1:
            return Box(left, top, width, height)
        return cut_box(left, top, left + width, top + height)

    def blank(self, best: float, **known: Any) -> Result:
        """A photo in which nothing is.

        Args:
            best: the confidence of the surest detection below the threshold; 0 without one.
        """
        return Result(Prediction(self.name, BLANK, 1 - best, (), status=Status.BLANK), **known)

    def failed(self, why: str, **known: Any) -> Result:
        """A photo that could not be read."""
        failure = Failure(Path(self.name), self.name, "unreadable", UNREADABLE.format(why=why))
        return Result(Prediction(self.name, "", 0.0, (), status=Status.FAILED, failure=failure), **known)

    def seen(self, ranking: tuple[Score, ...], box: Box | None, **known: Any) -> Result:
        """Something with its place."""
        return Result(
            Prediction(self.name, ranking[0].label, ranking[0].score, ranking, box=box),
            **known,
        )


def cut_box(left: float, top: float, right: float, bottom: float) -> Box:
    """The part of a rectangle that lies in the photo; without area where nothing of it does."""
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (left, top, right, bottom))
    return Box(left, top, max(right - left, 0.0), max(bottom - top, 0.0))
