"""Corrections that stay beside the results and count in every later run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.formats.corrections import Correction, read_corrections, write_corrections
from taxolens.formats.result import Result
from taxolens.inference.rendering import spelt

FILE = "corrections.csv"
_NAMED = 5


def keep_corrections(folder: Path, given: Path | None) -> Mapping[str, Correction]:
    """What people said of the photos of a results folder, with what a new table adds.

    Args:
        folder: the results folder.
        given: a table of corrections; its rows win over those kept, and one without a label takes back.

    Raises:
        DataError: a table cannot be read.
        OutputError: the corrections cannot be kept.
    """
    file = folder / FILE
    kept = read_corrections(file) if file.is_file() else {}
    if given is None:
        return kept
    added = {spelt(name): correction for name, correction in read_corrections(given).items()}
    now = {name: said for name, said in {**kept, **added}.items() if said.label}
    if now != kept:
        write_corrections(now, file)
    return now


class CorrectionCheck:
    """Notices which corrections name no photo of the table, and no class of the model."""

    def __init__(self, corrections: Mapping[str, Correction], labels: Iterable[str]) -> None:
        self._unmet = dict.fromkeys(corrections)
        known = frozenset(labels)
        self._strange = Counter(said.label for said in corrections.values() if said.label not in known)

    def watching(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yields the results."""
        for result in results:
            if result.corrected_by is not None:
                self._unmet.pop(spelt(result.prediction.name), None)
            yield result

    def tell(self, progress: Progress, say: Say) -> None:
        """Says what was noticed."""
        if self._unmet:
            progress.note(
                say("Corrections of photos that are not here: {count} ({names}).").format(
                    count=len(self._unmet), names=_few(list(self._unmet))
                )
            )
        if self._strange:
            told = [f"{label} ({count})" for label, count in self._strange.most_common()]
            progress.note(
                say(
                    "Corrections name what the model does not know; they count all the same: {names}."
                ).format(names=_few(told))
            )


def _few(names: list[str]) -> str:
    return ", ".join([*names[:_NAMED], "..."] if len(names) > _NAMED else names)
