from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import OutputError, UsageError
from taxolens.workflows.run_folder import MODEL, RECIPE, SPLIT, check_free, run_folder

RUN = sorted([MODEL, RECIPE, SPLIT])


def fill(folder: Path, text: str) -> None:
    (folder / MODEL).write_text(text, encoding="utf-8")
    (folder / SPLIT).write_text("file,label\n", encoding="utf-8")
    (folder / RECIPE).write_text(json.dumps({"source": {}, "method": "head"}), encoding="utf-8")


def finished(out: Path, text: str, *, overwrite: bool = False) -> None:
    with run_folder(out, overwrite=overwrite) as folder:
        fill(folder, text)


def left(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_run_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(ZeroDivisionError), run_folder(out, overwrite=False) as folder:
        fill(folder, "one")
        assert not out.exists()
        _ = 1 / 0
    assert left(tmp_path) == []
    finished(out, "one")
    assert left(tmp_path) == ["run"]


def test_a_run_may_be_read_by_whoever_may_read_a_new_folder(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    finished(tmp_path / "run", "one")
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == stat.S_IMODE((tmp_path / "new").stat().st_mode)


def test_a_run_is_replaced_only_when_asked_and_then_as_a_whole(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    (out / "report.html").touch()
    (out / ".DS_Store").touch()
    with pytest.raises(UsageError, match="--overwrite"):
        finished(out, "two")
    finished(out, "two", overwrite=True)
    assert left(out) == RUN and (out / MODEL).read_text() == "two"
    assert left(tmp_path) == ["run"]


def test_a_failed_replacement_keeps_the_old_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    with pytest.raises(ZeroDivisionError), run_folder(out, overwrite=True):
        _ = 1 / 0
    assert (out / MODEL).read_text() == "one"


def test_a_swap_that_fails_half_way_brings_the_old_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".unfinished"):
            raise PermissionError(13, "no")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        with pytest.raises(OutputError):
            finished(out, "two", overwrite=True)
    assert (out / MODEL).read_text() == "one"
    assert left(tmp_path) == ["run"]


def test_a_swap_that_was_killed_half_way_is_ended_before_anything_else(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    out.rename(tmp_path / ".run.0123abcd.old")
    with pytest.raises(UsageError, match="--overwrite"):
        finished(out, "two")
    assert (out / MODEL).read_text() == "one"
    out.rename(tmp_path / ".run.0123abcd.old")
    with pytest.raises(ZeroDivisionError), run_folder(out, overwrite=True):
        _ = 1 / 0
    assert (out / MODEL).read_text() == "one"
    assert left(tmp_path) == ["run"]


def test_other_peoples_folders_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").touch()
    with pytest.raises(UsageError, match="holds other things"):
        finished(tmp_path / "holiday", "one", overwrite=True)
    with pytest.raises(UsageError, match="is a file"):
        finished(tmp_path / "holiday" / "beach.jpg", "one")
    assert left(tmp_path / "holiday") == ["beach.jpg"]
    assert left(tmp_path) == ["holiday"]


@pytest.mark.parametrize("recipe", ['{"flour": 500}', "[1, 2]", "no JSON"])
def test_a_recipe_alone_or_of_another_kind_makes_no_run(tmp_path: Path, recipe: str) -> None:
    kitchen = tmp_path / "kitchen"
    kitchen.mkdir()
    (kitchen / RECIPE).write_text(recipe)
    with pytest.raises(UsageError, match="holds other things"):
        finished(kitchen, "one", overwrite=True)
    (kitchen / MODEL).touch()
    (kitchen / SPLIT).touch()
    with pytest.raises(UsageError, match="holds other things"):
        finished(kitchen, "one", overwrite=True)
    assert left(kitchen) == RUN and (kitchen / RECIPE).read_text() == recipe


def test_what_people_put_into_a_run_is_not_deleted(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    (out / "notes").mkdir()
    with pytest.raises(UsageError, match="holds notes beside its run"):
        finished(out, "two", overwrite=True)
    assert left(out) == sorted([*RUN, "notes"]) and (out / MODEL).read_text() == "one"


def test_a_run_never_takes_the_place_of_its_data(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    for data in (out, out / SPLIT, tmp_path / "other" / ".." / "run" / SPLIT):
        with pytest.raises(UsageError, match="The data .* lie in the folder"):
            check_free(out, overwrite=True, data=data)
        with pytest.raises(UsageError, match="The data"), run_folder(out, overwrite=True, data=data):
            pass
    check_free(out, overwrite=True, data=tmp_path)


def test_two_trainings_never_write_the_same_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with run_folder(out, overwrite=False) as folder:
        fill(folder, "one")
        with pytest.raises(UsageError, match="Another training is writing"):
            finished(out, "two")
        finished(tmp_path / "run2", "beside")
    assert (out / MODEL).read_text() == "one"
    assert left(tmp_path) == ["run", "run2"]


def test_what_a_killed_training_left_goes_with_the_next_one_and_nothing_else(tmp_path: Path) -> None:
    def stale(name: str, *files: str) -> None:
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()

    stale(".run.0123abcd.unfinished", MODEL, ".model.onnx.x7.part")
    stale(".run.89abcdef.old", *RUN)
    stale(".run.76543210.unfinished", "diary.txt")
    stale(".run.mine.unfinished", MODEL)
    stale(".runner.0123abcd.unfinished", MODEL)
    (tmp_path / ".run.taxolens-lock").touch()
    finished(tmp_path / "run", "one")
    assert left(tmp_path) == [
        ".run.76543210.unfinished",
        ".run.mine.unfinished",
        ".runner.0123abcd.unfinished",
        "run",
    ]


def test_a_run_in_the_present_folder_or_through_a_link_is_a_run(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    finished(tmp_path / "link", "one")
    assert (tmp_path / "link").is_symlink() and left(tmp_path / "real") == RUN
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    finished(Path(), "two")
    assert left(tmp_path / "here") == RUN and left(tmp_path) == ["here", "link", "real"]


def test_a_run_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        finished(tmp_path / "file" / "run", "one")
