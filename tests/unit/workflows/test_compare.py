from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import DataError, UsageError
from taxolens.core.texts import plain
from taxolens.core.trainer import Epoch
from taxolens.evaluation.rivals import Finding
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.source import SiteBy, SourceRecipe
from taxolens.tracking.history import write_epochs
from taxolens.workflows.compare import CompareSummary, compare
from taxolens.workflows.compare_curves import read_history
from taxolens.workflows.compare_gallery import MOST_PICTURES, differing_rows
from taxolens.workflows.compare_models import short_names
from taxolens.workflows.run_folder import HISTORY, MODEL
from tests.unit.inference.colour_model import write_photo
from tests.unit.workflows.made_run import COLOURS, make_run, said, write_model_of, write_photos
from tests.unit.workflows.test_evaluate import fingerprint, table
from tests.unit.workflows.test_identify import Listener

BLIND = [("red", "0.05"), ("green", "0.04"), ("nothing", "0.03")]
"""Calls everything red."""

EPOCHS = (
    Epoch("head", 1, 0.1, 1.0, None, 0.9, 0.5, 2.0),
    Epoch("network", 2, 0.01, 0.5, 0.6, 0.4, None, 2.0),
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Ten photos of each of three colours."""
    return write_photos(tmp_path / "photos", 10)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_model_of(tmp_path / "good.onnx", COLOURS).path


@pytest.fixture
def blind(tmp_path: Path) -> Path:
    return write_model_of(tmp_path / "blind.onnx", BLIND).path


def run(
    tmp_path: Path, models: list[Path], data: Path, listener: Listener | None = None, **fields: Any
) -> CompareSummary:
    source = SourceRecipe(data, **{key: fields.pop(key) for key in ("site_by",) if key in fields})
    recipe = CompareRecipe(tuple(models), source, **{"timed": 0, "workers": 1, **fields})
    return compare(recipe, home=tmp_path / "home", progress=listener)


# --- figures


def test_models_are_judged_on_the_same_photos_and_compared(
    tmp_path: Path, photos: Path, good: Path, blind: Path
) -> None:
    found = run(tmp_path, [blind, good], photos).comparison
    assert found.names == ("blind", "good")
    assert [model.result.accuracy.value for model in found.models] == [pytest.approx(1 / 3), 1.0]
    (pair,) = found.rivalries
    outcomes = pair.paired.outcomes
    assert (outcomes.both, outcomes.only_first, outcomes.only_second, outcomes.neither) == (10, 0, 20, 0)
    assert pair.finding is Finding.BETTER
    turned = run(tmp_path, [blind, good], photos, against="good").comparison
    assert [one.finding for one in turned.rivalries] == [Finding.WORSE]
    assert run(tmp_path, [blind, good], photos, against=str(good)).comparison.against == 1
    with pytest.raises(UsageError, match="Choose blind, good"):
        run(tmp_path, [blind, good], photos, against="bad")


def test_sites_are_what_is_independent(tmp_path: Path, good: Path, blind: Path) -> None:
    for site in ("north", "south", "west"):
        write_photos(tmp_path / "sites" / site, 4, ("red", "green"))
    found = run(tmp_path, [blind, good], tmp_path / "sites", site_by=SiteBy.FOLDER).comparison
    (pair,) = found.rivalries
    assert pair.paired.groups == 3
    # Better at three sites of three: 2 (1/2)^3
    assert pair.p == pytest.approx(0.25)
    assert pair.paired.mcnemar == pytest.approx(2 / 2**12)


def test_the_order_of_classes_is_each_models_own(tmp_path: Path, photos: Path, good: Path) -> None:
    turned = write_model_of(tmp_path / "turned.onnx", ("nothing", "red", "green")).path
    found = run(tmp_path, [good, turned], photos).comparison
    assert [model.result.accuracy.value for model in found.models] == [1.0, 1.0]
    assert (found.rivalries[0].paired.outcomes.both, found.answers[0].labels) == (
        30,
        ("green", "nothing", "red"),
    )


def test_classes_that_not_all_models_know_are_left_out_and_said(
    tmp_path: Path, photos: Path, good: Path
) -> None:
    # The second model knows no green, but calls it pink; the first knows no pink.
    other = write_model_of(tmp_path / "other.onnx", ("nothing", ("pink", "green"), "red")).path
    listener = Listener()
    summary = run(tmp_path, [good, other], photos, listener, json=tmp_path / "out.json")
    found = summary.comparison
    assert (found.n, found.classes.common) == (20, 2)
    assert [model.result.accuracy.value for model in found.models] == [1.0, 1.0]
    told = " ".join(listener.notes)
    assert "10 photos of green are left out: this class is unknown to other" in told
    assert "other also answers with classes that not all models know (pink)" in told
    assert said(tmp_path / "out.json")["left_out"] == [
        {"label": "green", "photos": 10, "unknown_to": ["other"]}
    ]


def test_an_answer_that_only_one_model_can_give_is_wrong(tmp_path: Path, photos: Path, good: Path) -> None:
    # Red photos are called crimson, which is no class of the others.
    split = write_model_of(
        tmp_path / "split.onnx", ("green", "nothing", ("red", "0"), ("crimson", "red"))
    ).path
    found = run(tmp_path, [good, split], photos).comparison
    assert found.rivalries[0].paired.outcomes.only_first == 10
    crimson = found.answers[1].labels.index("crimson")
    assert crimson >= found.classes.common
    assert found.answers[0].probabilities[:, crimson].max() == 0


def test_what_one_model_takes_for_one_class_is_one(tmp_path: Path, good: Path) -> None:
    folder = tmp_path / "letters"
    for number in range(4):
        write_photo(folder / "Red" / f"{number}.png", "red", seed=number)
        write_photo(folder / "RED!" / f"{number}.png", "red", seed=number + 9)
        write_photo(folder / "green" / f"{number}.png", "green", seed=number)
    both = write_model_of(tmp_path / "both.onnx", ("green", ("Red", "red"), ("RED!", "0.049"))).path
    one = write_model_of(tmp_path / "one.onnx", ("green", "red")).path
    found = run(tmp_path, [both, one], folder).comparison
    assert found.classes.labels[: found.classes.common] == ("Red", "green")
    assert [left.label for left in found.classes.left_out] == ["RED!"]


def test_models_without_a_class_in_common_cannot_be_compared(
    tmp_path: Path, photos: Path, good: Path
) -> None:
    other = write_model_of(tmp_path / "other.onnx", (("oak", "red"), ("elm", "green"))).path
    with pytest.raises(DataError, match="No class of .* is known to all"):
        run(tmp_path, [good, other], photos)


# --- what is named


def test_a_run_is_its_model(tmp_path: Path, photos: Path, blind: Path) -> None:
    folder = make_run(tmp_path / "run")
    found = run(tmp_path, [folder, folder / MODEL, blind], photos).comparison
    assert found.names == ("run (1)", "run (2)", "blind")
    assert [model.file for model in found.models] == ["run/model.onnx", "run/model.onnx", "blind.onnx"]
    assert found.models[0].sha256 == found.models[1].sha256


def test_names_are_as_short_as_can_be(tmp_path: Path) -> None:
    places = ["a/x/model.onnx", "b/x/model.onnx", "c/net.onnx", "d/y/model.onnx"]
    assert short_names([Path("/runs") / place for place in places]) == ("a/x", "b/x", "net", "y")


def test_folders_that_are_no_runs_and_forgotten_photos_are_told(
    tmp_path: Path, photos: Path, good: Path
) -> None:
    with pytest.raises(UsageError, match="is no run"):
        run(tmp_path, [good, photos], photos)
    folder = make_run(tmp_path / "run")
    with pytest.raises(UsageError, match="Name labelled photos last"):
        run(tmp_path, [good, good], folder)
    with pytest.raises(UsageError, match="at least two models"):
        run(tmp_path, [good], photos)
    with pytest.raises(UsageError, match="named twice"):
        run(tmp_path, [good, good], photos, json=good)
    with pytest.raises(UsageError, match="named twice"):
        run(tmp_path, [folder, good], photos, report=folder / MODEL)


# --- what was learnt from


def test_photos_that_a_run_learnt_from_are_told_and_can_be_left_out(
    tmp_path: Path, photos: Path, good: Path
) -> None:
    learnt = sorted(photos.glob("red/*.png"))[:4]
    folder = make_run(tmp_path / "run", learnt=learnt)
    listener = Listener()
    found = run(tmp_path, [good, folder], photos, listener).comparison
    assert (found.n, [model.learnt for model in found.models]) == (30, [0, 4])
    assert "run learnt from 4 of these 30 photos" in " ".join(listener.notes)
    listener = Listener()
    rest = run(tmp_path, [good, folder], photos, listener, unseen=True).comparison
    assert (rest.n, [model.learnt for model in rest.models]) == (26, [0, 0])
    assert "4 photos are left out" in " ".join(listener.notes)
    assert "What good learnt from is not known" in " ".join(listener.notes)
    assert "What run learnt from" not in " ".join(listener.notes)
    everything = make_run(tmp_path / "everything", learnt=sorted(photos.glob("*/*.png")))
    with pytest.raises(DataError, match="Every photo"):
        run(tmp_path, [good, everything], photos, unseen=True)


def test_a_model_that_was_made_from_these_photos_is_told(tmp_path: Path, photos: Path, good: Path) -> None:
    known = write_model_of(tmp_path / "known.onnx", COLOURS, data_fingerprint=fingerprint(photos)).path
    other = write_model_of(
        tmp_path / "other.onnx", COLOURS, data_fingerprint=data_fingerprint([("0" * 64, "red")])
    ).path
    listener = Listener()
    run(tmp_path, [known, other], photos, listener)
    assert [note for note in listener.notes if "made from these very photos" in note] == [
        "known was made from these very photos: its figures say nothing about new ones."
    ]


def test_of_data_with_parts_the_test_part_is_compared(
    tmp_path: Path, photos: Path, good: Path, blind: Path
) -> None:
    data = table(photos, ["train"] * 24 + ["test"] * 6)
    assert run(tmp_path, [good, blind], data).comparison.n == 6


# --- speed


def test_speed_is_measured_and_decides_between_equals(
    tmp_path: Path, photos: Path, good: Path, blind: Path
) -> None:
    summary = run(tmp_path, [good, blind], photos, timed=6)
    found = summary.comparison
    for model in found.models:
        assert model.speed is not None
        assert model.speed.photos == 6
        assert 0 < model.speed.whole.low <= model.speed.whole.value <= model.speed.whole.high
        assert model.speed.alone.value > model.speed.whole.value
    assert found.choice is not None
    assert (found.choice.accuracy, found.choice.speed) == (0, 0)
    assert any("Choose good" in line for line in summary.lines(plain, "en"))


# --- page and file


def test_the_page_shows_what_differs_and_the_file_holds_the_figures(
    tmp_path: Path, photos: Path, good: Path, blind: Path
) -> None:
    page, figures = tmp_path / "page.html", tmp_path / "figures.json"
    run(tmp_path, [good, blind], photos, timed=3, report=page, json=figures)
    text = page.read_text(encoding="utf-8")
    for anchor in ("verdict", "figures", "speed", "pairs", "differ", "classes"):
        assert f'id="{anchor}"' in text
    assert 'id="curves"' not in text
    assert text.count('class="thumb"') == 20
    document = said(figures)
    assert [model["name"] for model in document["models"]] == ["good", "blind"]
    assert document["pairs"][0]["counts"] == {"both": 10, "only_first": 20, "only_second": 0, "neither": 0}
    assert document["choice"]["accuracy"] == "good"
    assert str(tmp_path) not in text
    assert str(tmp_path) not in figures.read_text()


def test_models_that_never_differ_are_said_to(tmp_path: Path, photos: Path, good: Path) -> None:
    page = tmp_path / "page.html"
    summary = run(tmp_path, [good, good], photos, report=page)
    assert summary.comparison.names == ("good (1)", "good (2)")
    assert (
        "No difference in accuracy between good (2) and good (1) is shown with 30 photos"
        in summary.lines(plain, "en")[0]
    )
    assert "Every photo is named rightly by all models, or by none." in page.read_text(encoding="utf-8")


def test_the_gallery_shows_both_sides_and_one_photo_of_each_event(
    tmp_path: Path, good: Path, blind: Path
) -> None:
    for site in range(30):
        write_photos(tmp_path / "sites" / f"{site:02d}", 2, ("red", "green"))
    turned = write_model_of(tmp_path / "turned.onnx", [("green", "0.05"), ("red", "0.04")]).path
    found = run(tmp_path, [blind, turned], tmp_path / "sites").comparison
    count, rows = differing_rows(found)
    assert (count, len(rows)) == (120, MOST_PICTURES)
    assert sum(found.answers[0].truth[rows] == found.answers[0].labels.index("red")) == MOST_PICTURES // 2
    grouped = run(tmp_path, [blind, good], tmp_path / "sites", site_by=SiteBy.FOLDER).comparison
    groups = grouped.answers[0].groups
    assert groups is not None
    _, shown = differing_rows(grouped)
    assert len(set(groups[shown].tolist())) == len(shown) == MOST_PICTURES


def test_curves_of_runs_with_epochs_lie_over_each_other(tmp_path: Path, photos: Path) -> None:
    runs = [make_run(tmp_path / name) for name in ("one", "two", "epochless")]
    for folder in runs[:2]:
        write_epochs(EPOCHS, folder / HISTORY)
    read = read_history(runs[0])
    assert (read["val_loss"], read["val_accuracy"]) == (((1, 0.9), (2, 0.4)), ((1, 0.5),))
    assert read_history(runs[2]) == {}
    assert read_history(tmp_path) == {}
    page = tmp_path / "page.html"
    run(tmp_path, runs, photos, report=page)
    text = page.read_text(encoding="utf-8")
    curves = text.split('id="curves"')[1].split("</section>")[0]
    assert "one" in curves and "two" in curves and "epochless" not in curves


def test_photos_that_cannot_be_read_are_listed_and_in_no_figure(
    tmp_path: Path, photos: Path, good: Path, blind: Path
) -> None:
    (photos / "red" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    page = tmp_path / "page.html"
    found = run(tmp_path, [good, blind], photos, report=page).comparison
    assert (found.n, [failure.name for failure in found.failures]) == (30, ["red/torn.jpg"])
    assert "red/torn.jpg" in page.read_text(encoding="utf-8")


def test_a_run_that_was_copied_elsewhere_is_still_known_to_have_learnt(tmp_path: Path, photos: Path) -> None:
    folder = make_run(tmp_path / "run", learnt=sorted(photos.glob("red/*.png")))
    copy = folder.rename(tmp_path / "elsewhere")
    moved = photos.rename(tmp_path / "moved")
    found = run(tmp_path, [copy, copy], moved).comparison
    assert [model.learnt for model in found.models] == [10, 10]
