"""A disk that fills up, or lets nobody write any more, at every stage of an identification: one clear sentence, and
the same command goes on and ends with what an undisturbed one writes. Real disks, so it needs Linux and its root."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import OutputError
from taxolens.formats.writers import FORMATS
from taxolens.inference import store
from taxolens.inference.segments import segments_in
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.workflows.finished import Finished
from taxolens.workflows.identify import identify
from taxolens.workflows.results_out import ResultsOut
from tests.acceptance.conftest import Command
from tests.unit.inference.colour_model import write_colour_model, write_photo

PHOTOS = 30
FULL = r"The disk of .* is full\. Free some space and run the same command again\."
FORBIDDEN = r"may not be written\. Change its rights"


class Disk:
    """A small disk of its own that can be filled and locked."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def mount(self) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "taxolens-test", self.place],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip("no disk can be mounted here")

    def unmount(self) -> None:
        subprocess.run(["umount", self.place], check=True)

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                return

    def lock(self) -> None:
        """Nothing may be made, renamed or taken away in any folder: what EROFS is to others, root gets so."""
        self._mark("+i")

    def free(self) -> None:
        self._mark("-i")
        self._ballast.unlink(missing_ok=True)

    def _mark(self, how: str) -> None:
        folders = [self.place, *(path for path in self.place.rglob("*") if path.is_dir())]
        done = subprocess.run(["chattr", how, *folders], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("folders cannot be locked here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root mounts disks")
    place = tmp_path / "disk"
    place.mkdir()
    made = Disk(place)
    made.mount()
    yield made
    made.unmount()


@pytest.fixture
def recipe(tmp_path: Path, disk: Disk) -> IdentifyRecipe:
    for number in range(PHOTOS):
        write_photo(
            tmp_path / "card" / "east" / f"{number:02d}.png", ("red", "nothing")[number % 2], seed=number
        )
    model = write_colour_model(tmp_path / "model.onnx").path
    sites = tmp_path / "sites.csv"
    sites.write_text(
        "site,latitude,longitude,start,end,timezone\neast,43.6,3.9,2026-05-01,2026-06-30,Europe/Paris\n"
    )
    return IdentifyRecipe(tmp_path / "card", model, disk.place / "table.csv", workers=1, deployments=sites)


def tables(out: Path) -> dict[str, bytes]:
    """The bytes of what was written, without the moment of the work."""
    files = [out] if out.is_file() else sorted(path for path in out.rglob("*") if path.is_file())
    timeless = re.compile(rb"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z|\+00:00)?")
    return {path.name: timeless.sub(b"", path.read_bytes()) for path in files}


def ends_as_undisturbed(recipe: IdentifyRecipe, tmp_path: Path) -> int:
    """Goes on to the end; how many photos were answered before."""
    summary = identify(recipe)
    whole = dataclasses.replace(recipe, out=tmp_path / "whole" / recipe.out.name)
    identify(whole)
    assert summary.found == PHOTOS
    if recipe.out.suffix not in (".xlsx", ".parquet", ".zip"):  # which hold the moment in other ways
        assert tables(recipe.out) == tables(whole.out)
    return summary.skipped


STOPS = {"full": (Disk.fill, FULL), "read-only": (Disk.lock, FORBIDDEN)}


@pytest.mark.parametrize("stop", STOPS)
def test_before_anything_is_done(recipe: IdentifyRecipe, disk: Disk, tmp_path: Path, stop: str) -> None:
    spoil, sentence = STOPS[stop]
    spoil(disk)
    with pytest.raises(OutputError, match=sentence):
        identify(recipe)
    disk.free()
    assert ends_as_undisturbed(recipe, tmp_path) == 0


@pytest.mark.parametrize("stop", STOPS)
def test_while_photos_are_looked_at(
    recipe: IdentifyRecipe, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    spoil, sentence = STOPS[stop]
    monkeypatch.setattr(store, "ROWS_AT_ONCE", 8)
    write = store.write_segment

    def spoilt(*arguments: Any) -> Path:
        if len(segments_in(arguments[0])) == 2:
            spoil(disk)
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_segment", spoilt)
        with pytest.raises(OutputError, match=sentence):
            identify(recipe)
    disk.free()
    assert not recipe.out.exists()
    assert not list(disk.place.rglob(".*")), "nothing half-written stays"
    assert ends_as_undisturbed(recipe, tmp_path) >= 8


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("name", FORMATS)
def test_while_the_results_are_written(
    recipe: IdentifyRecipe, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stop: str
) -> None:
    spoil, sentence = STOPS[stop]
    out = disk.place / f"out{FORMATS[name].suffixes[-1]}"
    asked = dataclasses.replace(recipe, out=out, format=name)
    write = ResultsOut.write

    def spoilt(self: ResultsOut, results: Any) -> None:
        spoil(disk)
        write(self, results)

    with monkeypatch.context() as patch:
        patch.setattr(ResultsOut, "write", spoilt)
        with pytest.raises(OutputError, match=sentence):
            identify(asked)
    disk.free()
    assert not out.exists()
    assert not [path for path in disk.place.rglob("*") if path.name.startswith(".") or ".part" in path.name]
    assert ends_as_undisturbed(asked, tmp_path) == PHOTOS


@pytest.mark.parametrize("stop", STOPS)
def test_after_the_results_are_written(
    recipe: IdentifyRecipe, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    """What is lost is only the note that there is nothing left to do."""
    spoil, sentence = STOPS[stop]
    leave: Callable[..., None] = Finished.leave

    def spoilt(self: Finished, counts: Any) -> None:
        spoil(disk)
        leave(self, counts)

    with monkeypatch.context() as patch:
        patch.setattr(Finished, "leave", spoilt)
        with pytest.raises(OutputError, match=sentence):
            identify(recipe)
    disk.free()
    assert ends_as_undisturbed(recipe, tmp_path) == PHOTOS


@pytest.mark.parametrize("stop", STOPS)
def test_the_command_says_it_in_one_sentence(
    taxolens: Command, recipe: IdentifyRecipe, disk: Disk, stop: str
) -> None:
    spoil, sentence = STOPS[stop]
    command = ("identify", recipe.photos, "--model", recipe.model, "--out", recipe.out, "--quiet")
    spoil(disk)
    outcome = taxolens(*command)
    assert outcome.code == 1 and re.search(sentence, outcome.err), outcome.err
    assert "Traceback" not in outcome.err and len(outcome.err.splitlines()) == 1, outcome.err
    disk.free()
    assert taxolens(*command).code == 0


def test_an_earlier_table_outlives_a_full_disk(recipe: IdentifyRecipe, disk: Disk, tmp_path: Path) -> None:
    identify(recipe)
    before = recipe.out.read_bytes()
    write_photo(recipe.photos / "east" / "new.png", "red")
    disk.fill()
    with pytest.raises(OutputError, match=FULL):
        identify(recipe)
    assert recipe.out.read_bytes() == before
    disk.free()
    assert identify(recipe).skipped == PHOTOS
