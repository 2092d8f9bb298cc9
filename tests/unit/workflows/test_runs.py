from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from taxolens.core.errors import DataError, UsageError
from taxolens.core.records import Image, Part
from taxolens.formats.table import write_table
from taxolens.workflows.run_folder import HISTORY, METRICS, MODEL, PREDICTIONS, RECIPE, SPLIT
from taxolens.workflows.run_record import learnt_from, read_run
from taxolens.workflows.runs import TRASH, RunOrder, delete_run, find_runs, restore_run, trashed
from taxolens.workflows.runs_compare import compare_runs, differing_fields
from tests.unit.workflows.made_run import make_run, write_photos


def names(root: Path, order: RunOrder = RunOrder.DATE) -> list[str]:
    return [run.name for run in find_runs([root], order).runs]


# --- finding


def test_runs_are_found_at_any_depth_and_other_folders_are_not(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    make_run(tmp_path / "deep" / "er" / "two")
    make_run(tmp_path / ".hidden" / "three")
    (tmp_path / "kitchen").mkdir()
    (tmp_path / "kitchen" / RECIPE).write_text('{"flour": 500}')
    (tmp_path / "kitchen" / METRICS).write_text("{}")
    found = find_runs([tmp_path, tmp_path / "deep"])
    assert sorted(run.name for run in found.runs) == ["one", "two"]
    assert not found.broken
    assert names(tmp_path / "one") == ["one"]


def test_the_most_accurate_run_comes_first_when_asked(tmp_path: Path) -> None:
    make_run(tmp_path / "poor", right=[False] * 5 + [True])
    make_run(tmp_path / "good", right=[True] * 6)
    make_run(tmp_path / "fair")
    assert names(tmp_path, RunOrder.ACCURACY) == ["good", "fair", "poor"]


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        (MODEL, None, "no complete run"),
        (MODEL, "not a model", "damaged"),
        (METRICS, None, "metrics.json cannot be read"),
        (METRICS, "{", "metrics.json is damaged"),
        (METRICS, '{"accuracy": "very"}', "metrics.json is damaged: accuracy"),
        (METRICS, '{"accuracy": NaN}', "metrics.json is damaged"),
        (RECIPE, "[]", "no complete run"),
        (SPLIT, None, "no complete run"),
    ],
)
def test_a_broken_run_is_skipped_and_says_why(tmp_path: Path, file: str, text: str | None, why: str) -> None:
    make_run(tmp_path / "sound")
    broken = make_run(tmp_path / "broken")
    if text is None:
        (broken / file).unlink()
    else:
        (broken / file).write_text(text)
    found = find_runs([tmp_path])
    assert [run.name for run in found.runs] == ["sound"]
    (one,) = found.broken
    assert one.folder == broken
    assert why in one.error.told()


def test_a_run_of_another_method_is_listed_by_what_it_wrote(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    document = json.loads((run / METRICS).read_text())
    del document["backbone"], document["split"]
    (run / METRICS).write_text(json.dumps(document))
    (run / RECIPE).write_text(
        json.dumps(
            {
                "source": {"data": "C:\\photos\\traps.zip"},
                "method": "scratch",
                "network": {"name": "small_cnn"},
            }
        )
    )
    record = read_run(run)
    assert (record.method, record.backbone, record.data, record.photos) == (
        "scratch",
        "small_cnn",
        "traps.zip",
        0,
    )


def test_a_network_that_was_left_to_be_found_is_listed_by_its_name(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    document = json.loads((run / METRICS).read_text())
    del document["backbone"]
    (run / METRICS).write_text(json.dumps({**document, "network": {"name": "timm:resnet18"}}))
    recipe = json.loads((run / RECIPE).read_text())
    (run / RECIPE).write_text(json.dumps({**recipe, "method": "finetune", "network": {"name": "auto"}}))
    assert read_run(run).backbone == "timm:resnet18"


def test_a_run_that_was_copied_elsewhere_says_the_same(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 2)
    learnt = sorted(photos.glob("*/*.png"))
    run = make_run(tmp_path / "here" / "run", learnt=learnt)
    before, seen = read_run(run), learnt_from(run)
    shutil.copytree(run, tmp_path / "there" / "run")
    shutil.rmtree(tmp_path / "here")
    shutil.rmtree(photos)
    copy = tmp_path / "there" / "run"
    after = read_run(copy)
    assert (after.card, after.figures, after.recipe) == (before.card, before.figures, before.recipe)
    assert learnt_from(copy) == seen
    assert len(seen) == 6


def test_what_a_run_was_judged_on_it_has_not_learnt_from(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run / SPLIT).write_text("file,label,split,sha256\na,x,train,1\nb,x,val,2\nc,x,test,3\nd,x,train,\n")
    assert learnt_from(run) == {"1", "2"}
    (run / SPLIT).write_text("file,label,split\na,x,train\n")
    assert learnt_from(run) == set()


# --- putting away and bringing back


def test_a_deleted_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs" / "one")
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    place = delete_run(run)
    assert not run.exists()
    assert place.parent == tmp_path / "runs" / TRASH
    assert names(tmp_path) == []
    assert trashed(tmp_path / "runs") == ("one",)
    restore_run(run)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]


def test_of_several_runs_deleted_under_one_name_the_last_comes_back_first(tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        delete_run_of(tmp_path / "run", text)
    for text in ("third", "second", "first"):
        restore_run(tmp_path / "run")
        assert (tmp_path / "run" / HISTORY).read_text() == text
        shutil.rmtree(tmp_path / "run")
    with pytest.raises(UsageError, match="No run run was deleted"):
        restore_run(tmp_path / "run")


def delete_run_of(folder: Path, text: str) -> None:
    make_run(folder)
    (folder / HISTORY).write_text(text)
    delete_run(folder)


def test_nothing_is_restored_over_something_else(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    delete_run(run)
    run.mkdir()
    with pytest.raises(UsageError, match="Something lies at"):
        restore_run(run)
    assert list(run.iterdir()) == []


def test_only_runs_are_deleted(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 1)
    half = make_run(tmp_path / "half")
    (half / MODEL).unlink()
    whole = make_run(tmp_path / "whole")
    link = tmp_path / "link"
    link.symlink_to(whole, target_is_directory=True)
    for folder in (photos, half, link, tmp_path, tmp_path / "absent", whole / MODEL):
        with pytest.raises(UsageError, match="no run folder"):
            delete_run(folder)
    assert whole.exists() and half.exists() and link.is_symlink()
    assert not (tmp_path / TRASH).exists()


def test_a_run_that_holds_other_things_is_not_deleted(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run / "thesis.odt").touch()
    with pytest.raises(UsageError, match="holds thesis.odt beside its run"):
        delete_run(run)
    assert (run / "thesis.odt").exists()


# --- side by side


def test_only_fields_that_differ_are_shown(tmp_path: Path) -> None:
    one = {"a": 1, "b": {"c": None, "d": "x"}, "out": "here"}
    other = {"a": 1, "b": {"c": 0.5, "d": "x"}, "out": "there", "e": True}
    rows = differing_fields([one, other])
    assert [(row.name, row.values) for row in rows] == [("b.c", ("", "0.5")), ("e", ("", "True"))]


def test_runs_with_the_same_held_back_photos_are_compared_photo_by_photo(tmp_path: Path) -> None:
    first = make_run(tmp_path / "first", right=[True] * 10 + [False] * 10)
    second = make_run(tmp_path / "second", right=[True] * 19 + [False])
    found = compare_runs([read_run(first), read_run(second)])
    (pair,) = found.test.rivalries
    outcomes = pair.paired.outcomes
    assert (outcomes.both, outcomes.only_first, outcomes.only_second, outcomes.neither) == (10, 0, 9, 1)
    assert pair.p == pytest.approx(2 / 2**9)
    assert (found.test.n, found.test.left_out) == (20, 0)


def test_what_belongs_together_is_kept_together(tmp_path: Path) -> None:
    groups = [row // 5 for row in range(20)]
    first = make_run(tmp_path / "first", right=[True] * 10 + [False] * 10, groups=groups)
    second = make_run(tmp_path / "second", right=[True] * 20, groups=groups)
    (pair,) = compare_runs([read_run(first), read_run(second)]).test.rivalries
    assert pair.paired.groups == 4
    assert pair.p == pytest.approx(0.5)
    assert pair.paired.mcnemar == pytest.approx(2 / 2**10)


def test_of_different_held_back_photos_the_shared_ones_are_compared(tmp_path: Path) -> None:
    first = make_run(tmp_path / "first", right=[True] * 6, names=[f"{row}" for row in range(6)])
    second = make_run(tmp_path / "second", right=[False] * 6, names=[f"{row}" for row in range(3, 9)])
    # Photo 3 is of class 0 in both, as is every third one.
    found = compare_runs([read_run(first), read_run(second)])
    assert (found.test.n, found.test.left_out) == (3, 6)
    (pair,) = found.test.rivalries
    assert pair.paired.outcomes.only_first == 3
    third = make_run(tmp_path / "third", names=[f"other {row}" for row in range(6)])
    apart = compare_runs([read_run(first), read_run(third)]).test
    assert (apart.n, apart.rivalries) == (0, ())


def held(run: Path, files: Mapping[str, str]) -> None:
    """Writes a split that holds back files with these contents."""
    images = [
        Image(Path(name), name, "red", part=Part.TEST, sha256=sha256(content.encode()).hexdigest())
        for name, content in files.items()
    ]
    write_table(images, run / SPLIT)


def test_photos_that_were_renamed_or_moved_are_the_same_by_their_bytes(tmp_path: Path) -> None:
    names = [f"red/{row}.jpg" for row in range(6)]
    first = make_run(tmp_path / "first", right=[True] * 6, names=names)
    second = make_run(tmp_path / "second", right=[False] * 6, names=[f"x {name}" for name in names])
    held(first, {f"/data/{name}": str(row) for row, name in enumerate(names)})
    held(second, {f"/elsewhere/x {name}": str(row) for row, name in enumerate(names)})
    found = compare_runs([read_run(first), read_run(second)]).test
    assert (found.n, found.left_out) == (6, 0)
    assert found.rivalries[0].paired.outcomes.only_first == 6


def test_photos_of_one_name_with_other_bytes_are_not_the_same(tmp_path: Path) -> None:
    names = [f"{row}.jpg" for row in range(6)]
    first, second = (make_run(tmp_path / one, names=names) for one in ("first", "second"))
    held(first, {f"/data/a/{name}": str(row) for row, name in enumerate(names)})
    held(second, {f"/data/b/{name}": f"{row}" + "anew" * (row < 2) for row, name in enumerate(names)})
    found = compare_runs([read_run(first), read_run(second)]).test
    assert (found.n, found.left_out) == (4, 4)


def test_where_one_run_does_not_know_the_bytes_names_count(tmp_path: Path) -> None:
    names = [f"{row}.jpg" for row in range(6)]
    runs = [make_run(tmp_path / one, names=names) for one in ("first", "second", "third")]
    held(runs[0], {f"/data/{name}": str(row) for row, name in enumerate(names)})
    held(runs[2], {f"/data/{name}": str(row) for row, name in enumerate(names)})
    found = compare_runs([read_run(run) for run in runs]).test
    assert (found.n, found.left_out) == (6, 0)


def test_of_photos_that_are_there_twice_each_is_compared_once(tmp_path: Path) -> None:
    first = make_run(tmp_path / "first", right=[True] * 4, names=["0.jpg", "1.jpg", "2.jpg", "0 again.jpg"])
    second = make_run(tmp_path / "second", right=[True] * 4, names=["0.jpg", "1.jpg", "2.jpg", "0 again.jpg"])
    for run in (first, second):
        held(run, {"0.jpg": "same", "0 again.jpg": "same", "1.jpg": "1", "2.jpg": "2"})
    assert compare_runs([read_run(first), read_run(second)]).test.n == 4


def test_damaged_answers_are_told_in_a_sentence(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "first"), make_run(tmp_path / "second")
    for text in ("", "file,group,truth\na,0,red\n", "file,group,truth,p:red\na,0,red,much\n"):
        (second / PREDICTIONS).write_text(text)
        if text:
            with pytest.raises(DataError, match="test_predictions.csv cannot be read"):
                compare_runs([read_run(first), read_run(second)])
        else:
            assert compare_runs([read_run(first), read_run(second)]).test.n == 0
