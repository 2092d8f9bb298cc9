"""A question of the page handed to the desk, and its answers in words."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.core.errors import TaxolensError
from taxolens.problems import Refused
from taxolens.report.wording import Wording
from taxolens.server.answering import ask_all
from taxolens.server.desk import Served
from taxolens.server.doors import Doors
from taxolens.server.page.panel import boxes_from
from taxolens.server.page.question import Question
from taxolens.server.page.shown import TOP, Shown, refused, shown
from taxolens.server.reading import Upload
from taxolens.server.visit import Visit
from taxolens.server.work import PhotoWork


def check_key(doors: Doors, visit: Visit, question: Question) -> None:
    """Checks who asks where the form itself brought the key; the gate has looked at headers only.

    Raises:
        Refused: nobody whom the server knows.
    """
    if doors.keys is None or visit.asker:
        return
    owner = doors.keys.owner(question.key) if question.key else None
    if owner is None:
        raise Refused(401, "This server answers with a key alone. Write yours into the field for it.")
    visit.asker = owner


async def said_of(
    doors: Doors, visit: Visit, question: Question, photos: Sequence[Upload], wording: Wording
) -> list[Shown]:
    """What to say of photos, in their order.

    Raises:
        TaxolensError: no model answers, or the server is busy.
    """
    with doors.desk.hold(question.model or None) as served:
        threshold = question.threshold if served.kind == "detect" else None
        visit.model, visit.version, visit.photos = served.name, served.version, len(photos)
        works = [PhotoWork(one.photo, one.name, TOP, threshold) for one in photos]
        answers = await ask_all(doors, visit, served, works)
    least = _least(served, threshold)
    return [
        refused(photo.name, answer.told(wording.say), wording)
        if isinstance(answer, TaxolensError)
        else shown(photo.name, served, answer, least, wording)
        for photo, answer in zip(photos, answers, strict=True)
    ]


def _least(served: Served, threshold: float | None) -> float | None:
    """Below which score boxes were left out."""
    if served.kind != "detect":
        return None
    return boxes_from(served.card).usual if threshold is None else threshold
