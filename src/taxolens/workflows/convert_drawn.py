"""What people said of photos, as results: sure, and by nobody's model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taxolens.core.geometry import Box
from taxolens.core.records import Failure, Image, Prediction, Score, Status
from taxolens.core.taxonomy import Role, usual_role
from taxolens.core.texts import noted
from taxolens.formats.result import Result

PEOPLE = "people"
_BLANK = "blank"


def drawn_results(images: Sequence[Image], failures: Sequence[Failure]) -> Iterator[Result]:
    """A result for each box, else for each photo; those of which nobody has said anything are failures.

    Args:
        failures: photos that are missing or cannot be read.
    """
    for image in images:
        if image.annotations:
            yield from (_seen(image, one.label, one.box) for one in image.annotations)
        elif image.label is not None:
            yield _seen(image, image.label, None)
        elif image.annotations is not None:
            yield _result(image, Prediction(image.name, _BLANK, 1.0, (), status=Status.BLANK))
        else:
            yield _result(image, _unread(Failure(image.path, image.name, "unlabelled", _UNSEEN)))
    for failure in failures:
        yield Result(_unread(failure))


def _seen(image: Image, label: str, box: Box | None) -> Result:
    blank = box is None and usual_role(label) is Role.BLANK
    status = Status.BLANK if blank else Status.OK
    return _result(image, Prediction(image.name, label, 1.0, (Score(label, 1.0),), status=status, box=box))


def _unread(failure: Failure) -> Prediction:
    return Prediction(failure.name, "", 0.0, (), status=Status.FAILED, failure=failure)


def _result(image: Image, said: Prediction) -> Result:
    return Result(
        said,
        taken=image.taken,
        site=image.site,
        sequence=image.sequence,
        corrected_by=PEOPLE if said.status is not Status.FAILED else None,
        camera=image.camera,
        utc_offset=image.utc_offset,
    )


_UNSEEN = noted("Nobody has said what is in it.")
