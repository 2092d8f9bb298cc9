"""A real detector in front of a trained classifier, by the commands of the documentation."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.conftest import Command, rows_of

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

CLASSES = ("bobcat", "cow", "empty")
EACH = 16


@pytest.fixture(scope="module")
def photos(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some photos of a camera trap, two animals and nothing."""
    folder = tmp_path_factory.mktemp("trap")
    with zipfile.ZipFile(shared_data / "cameratrap" / "cameratrap_train.zip") as archive:
        for label in CLASSES:
            names = sorted(
                name for name in archive.namelist() if f"{label}/" in name and name.endswith(".jpg")
            )
            for name in names[:: max(1, len(names) // EACH)][:EACH]:
                place = folder / label / Path(name).name
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(archive.read(name))
    return folder


def test_two_models_become_one_pipeline_that_names_boxes(
    taxolens: Command, shared_weights: Path, photos: Path, tmp_path: Path
) -> None:
    detector, run, pipeline = tmp_path / "detector.onnx", tmp_path / "run", tmp_path / "trap.toml"
    done = taxolens(
        "models", "describe", shared_weights / "yolox_nano.onnx", "--labels", "coco", "--out", detector
    )
    assert done.code == 0, done.err
    trained = taxolens("train", photos, "--out", run, "--backbone", "taxolens-tiny", "--quiet")
    assert trained.code == 0, trained.err
    model = run / "model.onnx"
    made = taxolens("models", "pipeline", "--detector", detector, "--model", model, "--out", pipeline)
    assert made.code == 0 and "trap.toml" in made.out, made.err
    out = tmp_path / "results.csv"
    named = taxolens("identify", photos, "--model", pipeline, "--out", out, timeout=900)
    assert named.code == 0, named.err
    table = rows_of(out)
    assert len({row["file"] for row in table}) == EACH * len(CLASSES)
    boxed = [row for row in table if row["x"]]
    assert len(boxed) > EACH // 2 and all(float(row["detector_score"]) > 0.2 for row in boxed)
    assert {row["label"] for row in boxed} <= {*CLASSES, "unsure", "person"} - {"empty"}
    assert {row["label"] for row in table if row["status"] == "blank"} <= {"empty"}
    judged = taxolens("evaluate", pipeline, photos, "--json", tmp_path / "figures.json", timeout=900)
    assert judged.code == 0, judged.err
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures["n"] == EACH * len(CLASSES) and figures["accuracy"] > 0.5
    other = taxolens("identify", photos, "--model", model, "--out", out)
    assert other.code == 2 and "another detector" in other.err


def test_wrong_models_are_told_in_a_sentence(
    taxolens: Command, shared_weights: Path, photos: Path, trained: Path, tmp_path: Path
) -> None:
    detector, model, out = tmp_path / "detector.onnx", trained / "model.onnx", tmp_path / "results.csv"
    taxolens("models", "describe", shared_weights / "yolox_nano.onnx", "--labels", "coco", "--out", detector)
    exchanged = taxolens("evaluate", detector, photos, "--detector", model)
    none = taxolens("identify", photos, "--model", model, "--detector", model, "--out", out)
    french = taxolens("identify", photos, "--model", model, "--detector", model, "--out", out, lang="fr")
    for outcome, told in (
        (exchanged, "exchanged"),
        (none, "is no detector"),
        (french, "n'est pas un détecteur"),
    ):
        assert outcome.code == 2 and told in outcome.err.replace("\n", " "), outcome.err
        assert "Traceback" not in outcome.err and len(outcome.err.strip().splitlines()) <= 5
