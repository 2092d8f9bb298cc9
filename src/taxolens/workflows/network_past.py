"""What a network, or its teacher, learnt from before this training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from taxolens.core.records import Part
from taxolens.core.texts import Say, noted
from taxolens.recipes.network import NetworkRecipe
from taxolens.workflows.divided import Divided
from taxolens.workflows.run_folder import is_run
from taxolens.workflows.run_record import learnt_from

_KNOWN = noted(
    "{file} learnt from {learnt} of the {n} photos that are held back here, so the figures are too good. "
    "Divide the photos as its run did."
)


def doubts_of_past(settings: NetworkRecipe, divided: Divided, say: Say) -> tuple[str, ...]:
    """Says where photos are held back from which the weights or the teacher have learnt, as far as that is known.

    Args:
        settings: with files, not the names of runs.

    Raises:
        DataError: the table of a run's split cannot be read.
    """
    held = [divided.images[row].sha256 for row in divided.rows(Part.TEST).tolist()]
    return doubts_of_files(
        (settings.weights, settings.distill.teacher if settings.distill else None), held, say
    )


def doubts_of_files(files: Iterable[Path | None], held: Sequence[str | None], say: Say) -> tuple[str, ...]:
    """The same of files, for photos with these hashes."""
    told = []
    for file in files:
        if file is None or not is_run(file.parent):
            continue
        seen = learnt_from(file.parent)
        learnt = sum(sha256 in seen for sha256 in held)
        if learnt:
            told.append(say(_KNOWN).format(file=file, learnt=learnt, n=len(held)))
    return tuple(told)
