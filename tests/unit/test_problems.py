"""Errors as HTTP tells them."""

from __future__ import annotations

import pytest

from taxolens.core.errors import (
    DataError,
    ImageError,
    MissingExtra,
    ModelError,
    TaxolensError,
    UsageError,
)
from taxolens.problems import Refused, problem_of


class _Known(UsageError):
    pass


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TaxolensError("It failed."), 500),
        (UsageError("It cannot be meant."), 422),
        (DataError("No photos."), 422),
        (ModelError("It is damaged."), 500),
        (MissingExtra("It is missing."), 501),
        (ImageError("not_an_image", "No image."), 415),
        (ImageError("unsupported", "No image."), 415),
        (ImageError("too_large", "Too large."), 413),
        (ImageError("damaged", "Damaged."), 422),
        (Refused(418, "A teapot."), 418),
    ],
)
def test_every_kind_has_its_status(error: TaxolensError, status: int) -> None:
    assert problem_of(error).status == status


def test_a_door_adds_kinds_of_its_own() -> None:
    assert problem_of(_Known("Unknown."), also={_Known: 404}).status == 404
    assert problem_of(_Known("Unknown.")).status == 422


def test_the_sentence_is_translated_and_filled() -> None:
    problem = problem_of(UsageError("No {thing}.", thing="fox"), lambda text: text.replace("No", "Pas de"))
    assert problem.sentence == "Pas de fox."


def test_who_should_come_again_is_told_when() -> None:
    assert problem_of(Refused(503, "Busy.", retry_after=7)).retry_after == 7
    assert problem_of(_Known("Busy."), also={_Known: 503}).retry_after == 1
    assert problem_of(UsageError("Wrong.")).retry_after is None
