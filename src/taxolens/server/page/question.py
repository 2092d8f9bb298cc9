"""What the form of the page asks."""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.problems import Refused
from taxolens.server.doors import Limits
from taxolens.server.multipart import Part, read_form
from taxolens.server.reading import FIELD, Upload, check_count


@dataclass(frozen=True, slots=True)
class Question:
    """One submitted form.

    Attributes:
        photos: that were chosen.
        example: number of the example that was chosen; None: none was.
        model: by name; empty: the first.
        threshold: of boxes, 0..1; None: the model's own.
        key: of whoever asks; empty: none.
    """

    photos: tuple[Upload, ...]
    example: int | None
    model: str
    threshold: float | None
    key: str


def read_question(body: bytes, content_type: str, limits: Limits) -> Question:
    """Reads the page's form.

    Raises:
        Refused: it is none, or holds too many photos or values that cannot be meant.
    """
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise Refused(415, "The page's form comes as multipart/form-data. Programs ask at /predict.")
    parts = read_form(body, content_type)
    plain = {
        part.name: part.content.decode("utf-8", "replace").strip() for part in parts if part.filename is None
    }
    photos = _photos(parts)
    check_count(len(photos), limits)
    example = plain.get("example", "")
    return Question(
        photos=photos,
        example=int(example) if example.isdecimal() and len(example) < 4 else None,
        model=plain.get("model", "")[:200],
        threshold=_share(plain.get("threshold", "")),
        key=plain.get("key", ""),
    )


def _photos(parts: tuple[Part, ...]) -> tuple[Upload, ...]:
    # A field of files in which none was chosen comes as one without name and content (HTML, 4.10.21).
    chosen = [part for part in parts if part.name == FIELD and part.filename is not None]
    return tuple(
        Upload(part.filename or f"photo {number}", part.content)
        for number, part in enumerate((one for one in chosen if one.filename or one.content), 1)
    )


def _share(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Refused(422, "The threshold {given} is no score. Give one from 0 to 1.", given=text[:40])
    return value
