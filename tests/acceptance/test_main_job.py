"""The main job, from outside: train on labelled photos, read the report, name new photos."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from tests.acceptance.conftest import Command, rows_of
from tests.conftest import write_class_folders


def test_a_training_leaves_model_report_figures_split_and_recipe(trained: Path) -> None:
    left = {file.name for file in trained.iterdir()}
    assert {"model.onnx", "report.html", "metrics.json", "history.csv", "split.csv", "recipe.json"} <= left
    figures = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    assert figures["accuracy"] > 0.9
    assert {"loss", "macro_f1", "top5", "ece", "n", "per_class", "confusion"} <= figures.keys()
    assert set(figures["per_class"]) == {"across", "down", "slanted"}


def test_the_model_is_one_file_that_onnxruntime_alone_can_use(trained: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere.onnx"
    alone.write_bytes((trained / "model.onnx").read_bytes())
    session = onnxruntime.InferenceSession(alone, providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()
    assert image.type == "tensor(uint8)"
    _, height, width, channels = image.shape
    assert channels == 3
    card = json.loads(session.get_modelmeta().custom_metadata_map["taxolens.card"])
    assert [entry["id"] for entry in card["classes"]] == ["across", "down", "slanted"]
    pixels = np.zeros((2, height, width, 3), dtype=np.uint8)
    (probabilities,) = session.run(["probabilities"], {image.name: pixels})
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_identify_names_every_new_photo_and_counts_add_up(
    taxolens: Command, trained: Path, tmp_path: Path
) -> None:
    photos = write_class_folders(tmp_path / "card", per_class=5, seed=9)
    (photos / "torn.jpg").write_bytes((photos / "down" / "down_000.jpg").read_bytes()[:400])
    out = tmp_path / "results.csv"
    outcome = taxolens("identify", photos, "--model", trained / "model.onnx", "--out", out)
    assert outcome.code == 3, outcome.err
    assert "torn.jpg" in outcome.err
    rows = rows_of(out)
    assert len(rows) == 16
    assert [row["file"] for row in rows if row["status"] == "failed"] == ["torn.jpg"]
    right = sum(row["top1"] == row["file"].split("/")[0] for row in rows)
    assert right >= 14


def test_evaluate_writes_figures_and_a_page(taxolens: Command, trained: Path, tmp_path: Path) -> None:
    photos = write_class_folders(tmp_path / "more", per_class=6, seed=5)
    figures, page = tmp_path / "figures.json", tmp_path / "page.html"
    outcome = taxolens("evaluate", trained / "model.onnx", photos, "--json", figures, "--report", page)
    assert outcome.code == 0, outcome.err
    document = json.loads(figures.read_text(encoding="utf-8"))
    assert document["n"] == 18
    assert sum(map(sum, document["confusion"]["matrix"])) == 18
    assert "<html" in page.read_text(encoding="utf-8")


def test_the_python_door_gives_the_same_answers_as_the_command(
    taxolens: Command, trained: Path, class_folders: Path, tmp_path: Path
) -> None:
    import taxolens as package

    out = tmp_path / "results.csv"
    taxolens("identify", class_folders, "--model", trained / "model.onnx", "--out", out, "--quiet")
    rows = {row["file"]: row for row in rows_of(out)}
    names = sorted(rows)[::7]
    answers = package.load(trained / "model.onnx").predict([class_folders / name for name in names])
    for name, answer in zip(names, answers, strict=True):
        assert answer.label == rows[name]["label"]
        assert answer.score == pytest.approx(float(rows[name]["score"]), abs=1e-4)


def test_an_array_is_answered_like_the_photo_it_came_from(trained: Path, class_folders: Path) -> None:
    import taxolens as package

    photo = class_folders / "down" / "down_003.jpg"
    from_file, from_array = package.load(trained / "model.onnx").predict(
        [photo, np.asarray(Image.open(photo))]
    )
    assert from_file.label == from_array.label == "down"
    assert from_file.score == pytest.approx(from_array.score, abs=1e-6)


def test_a_second_training_on_the_same_photos_gives_the_same_model(
    taxolens: Command, trained: Path, class_folders: Path, tmp_path: Path
) -> None:
    outcome = taxolens("train", class_folders, "--out", tmp_path / "again", "--quiet")
    assert outcome.code == 0, outcome.err
    first, second = (onnx.load(run / "model.onnx") for run in (trained, tmp_path / "again"))
    assert first.graph.SerializeToString() == second.graph.SerializeToString()
    assert (trained / "split.csv").read_bytes() == (tmp_path / "again" / "split.csv").read_bytes()


def test_the_split_of_a_run_is_itself_a_data_set(taxolens: Command, trained: Path, tmp_path: Path) -> None:
    outcome = taxolens("train", trained / "split.csv", "--out", tmp_path / "again", "--quiet")
    assert outcome.code == 0, outcome.err
    parts = [
        {row["file"].rsplit("/", 1)[-1]: row["split"] for row in rows_of(run / "split.csv")}
        for run in (trained, tmp_path / "again")
    ]
    assert parts[0] == parts[1]


def test_a_training_speaks_french_when_asked(taxolens: Command, class_folders: Path, tmp_path: Path) -> None:
    outcome = taxolens("train", class_folders, "--out", tmp_path / "essai", lang="fr")
    assert outcome.code == 0, outcome.err
    assert "photos" in outcome.out and "modèle" in outcome.out.lower()
    page = (tmp_path / "essai" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="fr"' in page and "exactitude" in page.lower()
