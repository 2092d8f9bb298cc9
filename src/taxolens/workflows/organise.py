"""Photos to copies that are sorted by what is in them; originals are only ever read."""

from __future__ import annotations

import csv
import io
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import OutputError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.execution.local import default_workers, ordered_map
from taxolens.formats.media import in_utf8
from taxolens.inference.forecast import forecast
from taxolens.recipes.organise import Level, OrganiseRecipe, levels_of
from taxolens.storage.atomic import told_as_output, written_whole
from taxolens.storage.lock import held
from taxolens.workflows.organise_copy import Bench, Job, Made
from taxolens.workflows.organise_list import (
    LEFT_OUT,
    LIST,
    LOCK,
    OWN,
    SCRATCH,
    Known,
    OpenList,
    Settings,
    State,
    read_list,
    read_settings,
    state_of,
    write_list,
    write_settings,
)
from taxolens.workflows.organise_names import ClassFolders, FileNames
from taxolens.workflows.organise_place import Placer
from taxolens.workflows.organise_plan import Planned, Planner
from taxolens.workflows.organise_source import Organisable, open_organisable
from taxolens.workflows.organise_survey import Survey

_AHEAD = 4
_REASONS = 1000


@dataclass(frozen=True, slots=True)
class OrganiseSummary:
    """What became of photos.

    Attributes:
        photos: photos of the results: named + unsure + blank + failed + left out.
        named: photos in which something is named.
        unsure: photos of which nothing is sure.
        blank: photos that show nothing.
        failed: photos that could not be identified, copied all the same.
        folders: folder -> copies in it.
        written: copies written by this run; in a dry run, those that would be.
        bytes: of the originals of these.
        there: copies that were there already.
        changed: copies that somebody has changed, left as they are.
        moved: copies that another answer has put elsewhere, or that look otherwise now.
        hidden: photos on which something is blurred.
        wholly: those of them that are blurred as a whole.
        left_out: photos without a copy.
        reasons: the first 1,000 of them with the reason, an English sentence that is its own key.
        left_out_list: where all of them are listed; None where there are none, or nothing was written.
        seconds: wall time.
    """

    photos: int
    named: int
    unsure: int
    blank: int
    failed: int
    folders: Mapping[str, int]
    written: int
    bytes: int
    there: int
    changed: int
    moved: int
    hidden: int
    wholly: int
    left_out: int
    reasons: tuple[tuple[str, str], ...]
    left_out_list: Path | None
    seconds: float


def organise(
    recipe: OrganiseRecipe, *, progress: Progress | None = None, say: Say = plain
) -> OrganiseSummary:
    """Copies identified photos into folders named after what is in them.

    A stop at any moment leaves whole files, each in the list: the same recipe goes on. Done once more it
    writes nothing; with new answers it moves the copies that they concern, unless somebody changed these.

    Raises:
        UsageError: a value of the recipe cannot be meant, or the folder belongs to other work.
        DataError: the results cannot be read.
        OutputError: copies cannot be written, or there is no room for them.
    """
    began = time.monotonic()
    run = _Run(recipe, open_organisable(recipe), progress or Silent(), say)
    survey = run.dry() if recipe.dry_run else run.wet()
    return OrganiseSummary(
        photos=survey.photos,
        named=survey.named,
        unsure=survey.unsure,
        blank=survey.blank,
        failed=survey.failed,
        folders=dict(sorted(survey.folders.items())),
        written=survey.to_write,
        bytes=survey.bytes,
        there=survey.there,
        changed=survey.changed,
        moved=survey.moved,
        hidden=survey.hidden,
        wholly=survey.wholly,
        left_out=survey.left_out,
        reasons=tuple(survey.named_left_out[:_REASONS]),
        left_out_list=recipe.out / OWN / LEFT_OUT if survey.left_out and not recipe.dry_run else None,
        seconds=time.monotonic() - began,
    )


class _Run:
    """One run over one folder of copies."""

    def __init__(self, recipe: OrganiseRecipe, source: Organisable, progress: Progress, say: Say) -> None:
        self._recipe = recipe
        self._source = source
        self._progress = progress
        self._say = say
        self._out = recipe.out
        self._own = recipe.out / OWN
        _check_apart(recipe.out, source)
        _check_private(recipe, source)

    def dry(self) -> Survey:
        """Counts what would be done."""
        settings = self._settings()
        entries, _ = read_list(self._out)
        return self._survey(Known(entries), ClassFolders(settings.folders))

    def wet(self) -> Survey:
        """Does it."""
        settings = self._settings()
        with self._alone():
            with told_as_output(self._own):
                (self._own / SCRATCH).mkdir(exist_ok=True)
            entries, tidy = read_list(self._out)
            known, classes = Known(entries), ClassFolders(settings.folders)
            survey = self._survey(known, classes)
            self._check_room(survey)
            now = Settings(settings.photos, settings.how, classes.given, settings.new)
            if now != read_settings(self._out):
                write_settings(self._out, now)
            if not tidy:
                write_list(self._out, entries)
            if survey.to_write or survey.moved:
                survey = self._write(known, classes, survey.to_write)
            self._list_left_out(survey)
            self._finish()
        return survey

    def _settings(self) -> Settings:
        """Those of the folder, where it is a folder of copies already.

        Raises:
            UsageError: it belongs to other work.
        """
        photos, how = str(self._source.root), _how(self._recipe)
        with told_as_output(self._out):
            if self._out.exists() and not self._out.is_dir():
                raise UsageError("{out} is a file, not a folder. Name a folder with --out.", out=self._out)
            settings = read_settings(self._out)
            if settings is None and os.path.lexists(self._out / LIST):
                raise UsageError(
                    "{file} is there already and is no list of this command. Move it away, or name another --out.",
                    file=self._out / LIST,
                )
        if settings is None:
            return Settings(photos, how, {}, not self._out.exists())
        if settings.how != how and self._is_empty():
            return Settings(photos, how, {}, settings.new)
        if settings.how != how:
            raise UsageError(
                "{out} was organised in another way ({old}). Take that back with --undo, or name another --out.",
                out=self._out,
                old=settings.how,
            )
        if settings.photos != photos and Path(settings.photos).exists():
            raise UsageError(
                "{out} holds copies of the photos in {old}. Name another --out.",
                out=self._out,
                old=settings.photos,
            )
        return Settings(photos, how, settings.folders, settings.new)

    def _is_empty(self) -> bool:
        """Whether nothing came of what was begun here."""
        entries, _ = read_list(self._out)
        return all(state_of(self._out, entry) is State.MISSING for entry in entries)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        busy = UsageError(
            "Another run is writing {out}. Wait until it is done, or name another --out.", out=self._out
        )
        with told_as_output(self._out):
            self._own.mkdir(parents=True, exist_ok=True)
        with held(self._own / LOCK, busy=busy, place=self._out, keep=True):
            try:
                yield
            finally:
                with suppress(OSError):
                    shutil.rmtree(self._own / SCRATCH)

    def _survey(self, known: Known, classes: ClassFolders) -> Survey:
        survey, say = Survey(), self._say
        plans = survey.counting(self._plans(known, classes))
        for _ in self._progress.track(plans, what=say("Looking for the photos")):
            pass
        return survey

    def _plans(self, known: Known, classes: ClassFolders) -> Iterator[Planned]:
        return Planner(self._recipe, self._source, known, classes, self._say).plans()

    def _check_room(self, survey: Survey) -> None:
        """Refuses to begin what cannot end; links take no room."""
        if self._recipe.link or not survey.bytes:
            return
        with told_as_output(self._out):
            free = shutil.disk_usage(self._out).free
        if survey.bytes > free:
            raise OutputError(
                "There is no room for the copies in {out}: they take about {need}, and {free} are free. "
                "Free some space, name an --out on another disk, or make hard links with --link.",
                out=self._out,
                need=_size(survey.bytes),
                free=_size(free),
            )

    def _write(self, known: Known, classes: ClassFolders, total: int) -> Survey:
        """Makes and places what is not there; counts what came of it."""
        survey, say = Survey(), self._say
        listed = OpenList(self._out)
        try:
            placer = Placer(self._out, listed, FileNames(self._out, known.all()))
            bench = Bench(self._out, self._own / SCRATCH, link=self._recipe.link)
            workers = self._recipe.workers or default_workers()
            jobs = self._jobs(survey, known, classes, placer)
            made = ordered_map(bench.make, jobs, workers=workers, window=workers * _AHEAD)
            done = forecast(made, total=total, progress=self._progress, say=say)
            for one in self._progress.track(done, what=say("Writing copies"), total=total):
                self._take(one, survey, placer)
            placer.flush()
        finally:
            listed.close()
        return survey

    def _jobs(self, survey: Survey, known: Known, classes: ClassFolders, placer: Placer) -> Iterator[Job]:
        for planned in survey.counting(self._plans(known, classes)):
            if planned.stale:
                placer.remove(planned.stale)
            for copy in planned.copies:
                if planned.path is not None and not copy.is_there and not copy.is_changed:
                    yield Job(planned, copy, planned.path)

    @staticmethod
    def _take(made: Made, survey: Survey, placer: Placer) -> None:
        if made.files:
            placer.put(made)
            return
        placer.remove(made.job.copy.outdated)
        planned = made.job.planned
        survey.to_write -= 1
        survey.bytes -= planned.size
        survey.folders[made.job.copy.file.rpartition("/")[0]] -= 1
        if made.job.copy is planned.copies[0]:
            survey.apart[planned.apart] -= 1
            survey.leave_out(planned.photo, made.reason)

    def _list_left_out(self, survey: Survey) -> None:
        file = self._own / LEFT_OUT
        if not survey.left_out:
            with told_as_output(file):
                file.unlink(missing_ok=True)
            return
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(("file", "reason"))
        rows.writerows((in_utf8(photo), self._say(reason)) for photo, reason in survey.named_left_out)
        content = text.getvalue().encode("utf-8", "backslashreplace")
        if not file.is_file() or file.read_bytes() != content:
            with written_whole(file) as binary:
                binary.write(content)

    def _finish(self) -> None:
        """A list without what was taken back, and everything on the disk."""
        entries, tidy = read_list(self._out)
        if not tidy:
            write_list(self._out, entries)
        if hasattr(os, "sync"):
            os.sync()


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _how(recipe: OrganiseRecipe) -> str:
    """What makes copies alike, as it was typed; the language only where copies show it."""
    levels = levels_of(recipe.by)
    options = [name for name in ("link", "boxes", "blur", "keywords") if getattr(recipe, name)]
    how = " ".join([f"--by {'/'.join(levels)}", *(f"--{name}" for name in options)])
    shown = recipe.boxes or recipe.keywords or Level.NAME in levels
    return f"{how} --lang {recipe.language}" if shown else how


def _check_apart(out: Path, source: Organisable) -> None:
    """Keeps copies and originals apart, whatever links lie between them."""
    place, photos = Path(os.path.realpath(out)), Path(os.path.realpath(source.base))
    searched = source.root.is_dir()
    if place == photos or (searched and (place.is_relative_to(photos) or _same_above(place, photos))):
        raise UsageError(
            "{out} lies in the folder of the photos, where nothing is written. Name another --out.", out=out
        )
    if searched and photos.is_relative_to(place):
        raise UsageError(
            "The photos lie in {out}, so copies would come among them. Name another --out.", out=out
        )


def _same_above(place: Path, photos: Path) -> bool:
    """Whether one of the folders above is the same under another spelling, as some systems allow."""
    for folder in (place, *place.parents):
        with suppress(OSError):
            if folder.samefile(photos):
                return True
    return False


def _check_private(recipe: OrganiseRecipe, source: Organisable) -> None:
    if recipe.blur and source.tells_people is False:
        raise UsageError(
            "No class of these results is a person or a vehicle, so --blur would hide nobody. Use a model or a "
            "detector that knows them, or give their role with --taxonomy."
        )
