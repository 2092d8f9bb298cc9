"""The models of a comparison: opened, named, and what they are known to have learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.inference.predictor import Predictor, open_predictor
from taxolens.workflows.run_folder import MODEL, is_run
from taxolens.workflows.run_record import learnt_from


@dataclass(frozen=True, slots=True)
class Competitor:
    """One model of a comparison.

    Attributes:
        name: short and its own.
        asked: the path that the user named.
        run: the run folder that the model lies in; None where it lies elsewhere.
        seen: hashes of the photos that it is known to have learnt from.
    """

    name: str
    asked: Path
    run: Path | None
    predictor: Predictor
    seen: frozenset[str]

    @property
    def size(self) -> int:
        """Of the model file in bytes."""
        return len(self.predictor.model.graph)


@dataclass(frozen=True, slots=True)
class Entrant:
    """A model file of a comparison, not opened yet; see `Competitor`."""

    name: str
    asked: Path
    file: Path
    run: Path | None
    seen: frozenset[str]


def entrants(paths: Sequence[Path]) -> tuple[Entrant, ...]:
    """Model files and the models of run folders, by names of their own.

    Raises:
        UsageError: a folder that is no run.
        DataError: the table of a run's split cannot be read.
    """
    files = [_model_file(path) for path in paths]
    runs = [file.parent if file.name == MODEL and is_run(file.parent) else None for file in files]
    return tuple(
        Entrant(name, path, file, run, learnt_from(run) if run else frozenset())
        for name, path, file, run in zip(short_names(files), paths, files, runs, strict=True)
    )


def open_competitors(paths: Sequence[Path]) -> tuple[Competitor, ...]:
    """Opens classifiers.

    Raises:
        UsageError: a folder that is no run.
        ModelError: a model file cannot be used.
        DataError: the table of a run's split cannot be read.
    """
    return tuple(
        Competitor(one.name, one.asked, one.run, open_predictor(one.file), one.seen)
        for one in entrants(paths)
    )


def place_of(competitors: Sequence[Competitor | Entrant], wanted: str | None) -> int:
    """The one that a user names by its name or path; the first where none is named.

    Raises:
        UsageError: no model has this name.
    """
    if wanted is None:
        return 0
    for place, one in enumerate(competitors):
        file = one.file if isinstance(one, Entrant) else one.predictor.model.path
        if wanted == one.name or Path(wanted).resolve() in (one.asked.resolve(), file.resolve()):
            return place
    raise UsageError(
        "No model of this comparison is called {name}. Choose {known}.",
        name=wanted,
        known=", ".join(one.name for one in competitors),
    )


def short_names(files: Sequence[Path]) -> tuple[str, ...]:
    """A name for each model file: its own, or its folder's where it is called as all are; as long as needed."""
    parts = [_name_parts(file) for file in files]
    lengths = [1] * len(files)
    while True:
        names = ["/".join(one[-length:]) for one, length in zip(parts, lengths, strict=True)]
        longer = [
            place
            for place, name in enumerate(names)
            if lengths[place] < len(parts[place])
            # The same file twice stays short: no folder would tell it apart from itself.
            and any(name == other and parts[place] != own for other, own in zip(names, parts, strict=True))
        ]
        if not longer:
            return tuple(_numbered(names))
        for place in longer:
            lengths[place] += 1


def _name_parts(file: Path) -> tuple[str, ...]:
    whole = file.resolve()
    folders = tuple(part for part in whole.parent.parts if part != whole.anchor)
    return folders if file.name == MODEL and folders else (*folders, file.stem)


def _numbered(names: Sequence[str]) -> list[str]:
    return [
        f"{name} ({names[: place + 1].count(name)})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _model_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    if is_run(path):
        return path / MODEL
    raise UsageError(
        "The folder {path} is no run. Name model files or run folders first, and the labelled photos last.",
        path=path,
    )
