"""The folder of a preparation: free, begun or complete; nobody mistakes one for another.

While it is filled it holds `unfinished.taxolens/`, with the plan and with what is done of it. The plan is made once,
under a lock; whoever comes later, or on another machine, follows it. When everything is written the tables follow,
the list of photos last, and then that folder goes.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from taxolens.core.errors import OutputError, UsageError
from taxolens.formats.manifest import LABELS, PHOTOS, UNFINISHED, manifest_files
from taxolens.storage.atomic import told_as_output, written_whole
from taxolens.storage.lock import held
from taxolens.workflows.prepare_photo import Written
from taxolens.workflows.prepare_plan import Planned

RECIPE = "prepare.toml"
FAILURES = "failures.csv"

_HEAD, _ROWS, _SCRATCH, _PIECES, _OLD = "plan.json", "plan.jsonl", "scratch", "done", "old"
_GONE = ".unfinished.taxolens"  # no longer unfinished, and not yet removed when somebody pulled the plug
_OUR_TABLES = re.compile(
    r"prepare\.toml|failures\.csv|labels\.csv|photos\.csv|data\.yaml|classes\.txt|annotations\.coco\.json"
    r"|fold-\d+\.(csv|yaml|coco\.json)|\.[^/]+\.part"
)
_SOON = 0.5  # seconds
_LOCK = ".prepare.taxolens-lock"
_NOBODYS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", _GONE, _LOCK})


class State(StrEnum):
    """How far a folder is."""

    FREE = "free"
    BEGUN = "begun"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Fault:
    """A photo that could not be prepared.

    Attributes:
        name: relative to the data.
        reason: one English sentence, which is its own key for translation.
    """

    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a plan beside its photos.

    Attributes:
        identity: of the recipe.
        fingerprint: of the data.
        rows: photos and copies to be written.
        piece: how many of them are noted as done together.
        by: what was kept together.
        layout: how the source is written, which is how boxes are written back.
        classes: of boxes, in the order of their numbers.
        failures: photos that could not be read when the plan was made.
    """

    identity: str
    fingerprint: str
    rows: int
    piece: int
    by: str
    layout: str
    boxed: bool
    classes: tuple[str, ...]
    failures: tuple[Fault, ...]


class PreparedFolder:
    """One folder on its way.

    Args:
        out: where it lies.
        identity: of the recipe.
    """

    def __init__(self, out: Path, identity: str) -> None:
        self.out = out
        self.identity = identity
        self.unfinished = out / UNFINISHED

    def state(self) -> State:
        """How far the folder is with this recipe.

        Raises:
            UsageError: another recipe was begun or completed there, or it holds something else.
            OutputError: the place may not be looked at.
        """
        with told_as_output(self.out):
            if self.out.exists() and not self.out.is_dir():
                raise UsageError("{out} is a file, not a folder. Name a folder with --out.", out=self.out)
            names = self._names()
        if not names:
            return State.FREE
        state, identity = self._found(names)
        if identity is not None and identity != self.identity:
            raise UsageError(
                "The folder {out} was prepared with another recipe. Name another folder with --out, or add "
                "--restart to prepare it anew.",
                out=self.out,
            )
        return state

    def _found(self, names: set[str]) -> tuple[State, str | None]:
        if UNFINISHED in names:
            return State.BEGUN, self.head().identity if self.is_planned() else None
        said = result_of(self.out) if RECIPE in names else None
        if said is None:
            raise UsageError(
                "The folder {out} holds other things. Name a new folder with --out.", out=self.out
            )
        return State.COMPLETE, str(said.get("recipe"))

    @contextmanager
    def alone(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Keeps others from planning and finishing; the system lets go of it when the process ends.

        Args:
            waiting: called once where another one is at it.
        """
        place = self.out.resolve()
        made = [one for one in (place, *place.parents) if not one.exists()]
        with told_as_output(self.out):
            place.mkdir(parents=True, exist_ok=True)
            lock = FileLock(place / _LOCK)
            try:
                lock.acquire(timeout=_SOON)
            except Timeout:
                waiting()
                lock.acquire()
        try:
            yield
        finally:
            if not self.unfinished.exists():
                with suppress(OSError):  # some systems only let it go afterwards
                    (place / _LOCK).unlink(missing_ok=True)
            lock.release()
            _remove_empty(made)

    @contextmanager
    def shard(self, text: str) -> Iterator[None]:
        """Keeps a second process from the same share of the work.

        Raises:
            UsageError: another one is at it.
        """
        busy = UsageError(
            "Another process prepares the same part of {out}. Wait until it is done, or share the work "
            "with --shard.",
            out=self.out,
        )
        file = self.unfinished / f"shard-{text.replace('/', '-of-')}.lock"
        with held(file, busy=busy, place=self.out, keep=True):
            yield

    def begin(self) -> None:
        """Makes the folder, or goes on with clearing it where that was stopped."""
        with told_as_output(self.out):
            self.scratch.mkdir(parents=True, exist_ok=True)
            self.pieces.mkdir(exist_ok=True)
            if self._clearing.exists():
                self._clear()

    def restart(self) -> None:
        """Removes what an earlier preparation left, and nothing else.

        Raises:
            UsageError: the folder is none of ours, or somebody is filling it.
        """
        with told_as_output(self.out):
            names = self._names()
            if not names:
                return
            other = self._other(names)
            if other is not None:
                raise UsageError(
                    "The folder {out} holds {other}, which was not prepared. Move it away, or name a new folder "
                    "with --out.",
                    out=self.out,
                    other=other,
                )
            self._check_idle()
            self.unfinished.mkdir(exist_ok=True)
            self._clearing.touch()
            self._clear()

    def _check_idle(self) -> None:
        """A shard at work would go on writing what the old plan says into the new folder."""
        for place in self.unfinished.glob("shard-*.lock"):
            with self.shard(place.stem.removeprefix("shard-").replace("-of-", "/")):
                pass

    def _names(self) -> set[str]:
        return {one.name for one in self.out.iterdir()} - _NOBODYS if self.out.exists() else set()

    def _other(self, names: set[str]) -> str | None:
        """Something in the folder that no preparation wrote."""
        begun = self.unfinished.exists()
        if not begun and result_of(self.out) is None:
            return min(names)
        ours = {_stem(file) for file in (self._planned() if begun else self._listed())}
        for file in self.out.rglob("*"):
            name = file.relative_to(self.out).as_posix()
            if file.is_dir() or file.name in _NOBODYS or name.startswith((UNFINISHED, _GONE)):
                continue
            if not (_OUR_TABLES.fullmatch(name) or _stem(name) in ours or self._clearing.exists()):
                return name
        return None

    def _planned(self) -> Iterator[str]:
        return (row.out for row in self.rows()) if (self.unfinished / _ROWS).exists() else iter(())

    def _listed(self) -> tuple[str, ...]:
        return next(
            (manifest_files(one) for name in (LABELS, PHOTOS) if (one := self.out / name).exists()), ()
        )

    @property
    def _clearing(self) -> Path:
        return self.unfinished / "clearing"

    def _clear(self) -> None:
        """Moves everything into one folder first: what a stop leaves is seen to be unfinished."""
        old = self.unfinished / _OLD
        old.mkdir(exist_ok=True)
        ours = [one for one in self.out.iterdir() if one.name not in (UNFINISHED, _LOCK)]
        ours += [one for one in self.unfinished.iterdir() if one.name not in (_OLD, self._clearing.name)]
        for one in ours:
            one.replace(old / f"{secrets.token_hex(4)}-{one.name}")
        shutil.rmtree(old)
        self.scratch.mkdir()
        self.pieces.mkdir()
        self._clearing.unlink()

    @property
    def scratch(self) -> Path:
        """Files on their way to their place."""
        return self.unfinished / _SCRATCH

    @property
    def pieces(self) -> Path:
        """What is done."""
        return self.unfinished / _PIECES

    def is_planned(self) -> bool:
        """Whether the plan is complete, and nobody was stopped while clearing it away."""
        return (self.unfinished / _HEAD).exists() and not self._clearing.exists()

    def write_plan(self, rows: Iterable[Planned]) -> int:
        """Writes the photos of a plan; how many there are."""
        count = 0
        with written_whole(self.unfinished / _ROWS) as file:
            for row in rows:
                file.write(json.dumps(list(asdict(row).values())).encode("ascii") + b"\n")
                count += 1
        return count

    def write_head(self, head: Head) -> None:
        """Writes the rest of a plan, which makes it complete."""
        with written_whole(self.unfinished / _HEAD) as file:
            file.write(json.dumps(asdict(head)).encode("ascii"))

    def head(self) -> Head:
        """The plan without its photos.

        Raises:
            OutputError: it is damaged.
        """
        try:
            return TypeAdapter(Head).validate_json((self.unfinished / _HEAD).read_bytes())
        except (OSError, ValidationError) as error:
            raise self._damaged() from error

    def rows(self) -> Iterator[Planned]:
        """The photos of the plan, one at a time."""
        with (self.unfinished / _ROWS).open("rb") as file:
            for line in file:
                yield Planned(*json.loads(line))

    def write_piece(self, number: int, done: list[Written]) -> None:
        """Notes that a piece of the plan is done."""
        place = self.pieces / f"{number:07d}.json"
        scratch = self.scratch / f"piece-{number}-{secrets.token_hex(4)}"
        with told_as_output(place):
            scratch.write_text(json.dumps([list(asdict(one).values()) for one in done]), encoding="ascii")
            scratch.replace(place)

    def piece(self, number: int) -> list[Written] | None:
        """What became of a piece of the plan; None where it is not done."""
        try:
            text = (self.pieces / f"{number:07d}.json").read_text(encoding="ascii")
            return [Written(*values) for values in json.loads(text)]
        except (OSError, ValueError, TypeError):
            return None

    def has_piece(self, number: int) -> bool:
        """Whether a piece is done, and nothing of it is missing or cut short."""
        done = self.piece(number)
        return done is not None and all(self._is_whole(one) for one in done)

    def _is_whole(self, one: Written) -> bool:
        if one.code:
            return True
        try:
            return (self.out / one.out).stat().st_size == one.size
        except OSError:
            return False

    def finish(self) -> None:
        """Takes away what marks the folder as unfinished, once everything has reached the disk."""
        if hasattr(os, "sync"):
            os.sync()
        self.tidy()
        with told_as_output(self.out):
            self.unfinished.replace(self.out / _GONE)
        self.tidy()

    def tidy(self) -> None:
        """Removes what a stop at the very end left."""
        gone = self.out / _GONE
        with told_as_output(self.out):
            if gone.exists():
                shutil.rmtree(gone)

    def _damaged(self) -> OutputError:
        return OutputError(
            "The plan in {folder} is damaged. Run the same command again with --restart.",
            folder=self.unfinished,
        )


def _stem(name: str) -> str:
    """Photo and text of boxes alike."""
    path = PurePosixPath(name).with_suffix("")
    return (
        path.relative_to("labels").as_posix()
        if name.startswith("labels/")
        else str(path).removeprefix("images/")
    )


def _remove_empty(folders: Iterable[Path]) -> None:
    """Innermost first; one that somebody put something into stays."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def result_of(folder: Path) -> dict[str, Any] | None:
    """What a complete preparation noted in its recipe; None where there is none."""
    try:
        result = tomllib.loads((folder / RECIPE).read_text(encoding="utf-8")).get("result")
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and "recipe" in result else None
