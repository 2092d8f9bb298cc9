"""What readers of boxes share: boxes made to fit their image, and problems told or collected."""

from __future__ import annotations

import math
from collections import Counter

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.formats.source import BoxProblem

SYNTAX = "box_syntax"
CLASS = "box_class"
OUTSIDE = "box_outside"
EMPTY = "box_empty"
NO_IMAGE = "box_image"
TWICE = "image_twice"

_ROUNDING = 1e-9
_NAMED = 10


class Complaints:
    """Stops at the first problem; a lenient one collects them all.

    Classes that are not there are counted first: one stray number is a slip, a hundred are another list of
    classes.

    Args:
        lenient: collect.
    """

    def __init__(self, lenient: bool) -> None:
        self._lenient = lenient
        self._problems: list[BoxProblem] = []
        self._strange: Counter[str] = Counter()
        self._first: DataError | None = None
        self._place = ""

    def tell(self, problem: BoxProblem, error: DataError) -> None:
        """Notes a problem.

        Raises:
            DataError: `error`, unless lenient.
        """
        if not self._lenient:
            raise error
        self._problems.append(problem)

    def tell_class(self, problem: BoxProblem, error: DataError, called: str) -> None:
        """Notes a box whose class is not there; `all` then tells how many there are.

        Args:
            called: the class as the box names it.
        """
        self._problems.append(problem)
        self._strange[called] += 1
        if self._first is None:
            self._first = error
            self._place = f"{problem.name}:{problem.line}" if problem.line else problem.name

    def all(self) -> tuple[BoxProblem, ...]:
        """What was collected, in the order of the source.

        Raises:
            DataError: boxes name classes that are not there, unless lenient.
        """
        if self._first is None or self._lenient:
            return tuple(self._problems)
        if self._strange.total() == 1:
            raise self._first
        raise DataError(
            "{count} boxes name classes that are not there: {classes}; the first is in {place}. Add the classes, or "
            "mend the boxes; taxolens inspect lists them.",
            count=self._strange.total(),
            classes=", ".join(f"{name} ({count})" for name, count in self._strange.most_common(_NAMED)),
            place=self._place,
        )


def box_within(left: float, top: float, right: float, bottom: float) -> Box | None:
    """The part of a rectangle that lies in the image; None where nothing of it does.

    Args:
        left: and the others: edges as shares of the image's width and height.
    """
    left, top, right, bottom = max(0.0, left), max(0.0, top), _cut(right), _cut(bottom)
    if not (left < right and top < bottom):
        return None
    return Box(left, top, right - left, bottom - top)


def _cut(edge: float) -> float:
    """An edge that rounding alone moves out of the image stays, lest its box be written with other digits."""
    return edge if edge <= 1 + _ROUNDING else 1.0


def lies_outside(left: float, top: float, right: float, bottom: float, over: tuple[float, float]) -> bool:
    """Whether a rectangle leaves the image by more than `over` (shares of width, height)."""
    return left < -over[0] or right > 1 + over[0] or top < -over[1] or bottom > 1 + over[1]


def finite(value: object) -> float | None:
    """A number as such; None for anything that is none, or is not finite."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
