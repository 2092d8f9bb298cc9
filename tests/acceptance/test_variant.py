"""A faster model file from outside: which is chosen, what it says of itself, what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taxolens as library
from taxolens.modelfile.read import read_model
from tests.acceptance.conftest import Command
from tests.conftest import write_class_folders

LENIENT = ("--at-most-lost", "98", "--at-worst-lost", "99", "--least-faster", "0.01", "--timed", "8")


def figures(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """New photos of the classes that the trained model knows."""
    return write_class_folders(tmp_path_factory.mktemp("new") / "photos", 12, seed=9)


@pytest.mark.slow
def test_the_fastest_of_the_good_is_written_and_says_what_it_was_made_of(
    taxolens: Command, trained: Path, photos: Path, tmp_path: Path
) -> None:
    small, told = tmp_path / "small.onnx", tmp_path / "told.json"
    done = taxolens(
        "shrink", trained / "model.onnx", photos, "--out", small, "--json", told, "--smaller", "1", *LENIENT
    )
    assert done.code == 0, done.err

    found = figures(told)
    assert [one["way"]["integers"] is not None for one in found["variants"]] == [False, True]
    assert [one["way"]["input"] for one in found["refused"]] == [[80, 80]], (
        "this network looks at fixed places"
    )
    why = found["refused"][0]["why"]
    assert "cannot take photos of this size" in why and "ONNXRuntime" not in why
    assert found["chosen"] == int(np.argmax([0, *(one["faster"] for one in found["variants"][1:])]))
    original, model = read_model(trained / "model.onnx"), read_model(small)
    assert model.card.variant_of == original.sha256
    assert model.card.labels == original.card.labels
    assert model.card.metrics[0].n == found["photos"]
    assert found["variants"][1]["bytes"] < 0.7 * found["variants"][0]["bytes"]
    assert "variant" in small.with_suffix(".html").read_text(encoding="utf-8").lower()

    paths = sorted(photos.rglob("*.jpg"))
    before, after = (library.load(one).predict(paths) for one in (trained / "model.onnx", small))
    same = [one.top1 == other.top1 for one, other in zip(before, after, strict=True)]
    assert np.mean(same) >= found["variants"][found["chosen"]]["agreement"] - 0.1


@pytest.mark.slow
def test_with_too_few_photos_the_original_stays_until_a_person_says_otherwise(
    taxolens: Command, trained: Path, photos: Path, tmp_path: Path
) -> None:
    kept, told = tmp_path / "kept.onnx", tmp_path / "told.json"
    strict = ("--at-worst-lost", "0.5", "--at-most-lost", "0.5", "--least-faster", "0.01", "--timed", "8")
    done = taxolens("shrink", trained, photos, "--out", kept, "--json", told, "--smaller", "0", *strict)
    assert done.code == 0, done.err
    int8 = figures(told)["variants"][1]
    assert int8["verdict"] in ("not_proven", "loses"), "so few photos prove nothing"
    assert kept.read_bytes() == (trained / "model.onnx").read_bytes()
    assert "Use the original" in done.out and "The original, unchanged" in done.out
    if int8["verdict"] == "loses":  # on processors whose whole numbers are less exact
        return
    assert "photos are needed" in " ".join(done.out.split())
    assert int8["photos_needed"] > figures(told)["photos"]

    done = taxolens(
        "shrink", trained, photos, "--out", kept, "--smaller", "0", "--unproven", "--overwrite", *strict
    )
    assert done.code == 0, done.err
    original = hashlib.sha256((trained / "model.onnx").read_bytes()).hexdigest()
    assert read_model(kept).card.variant_of == original


@pytest.mark.slow
def test_a_rival_joins_the_table_and_must_know_the_same_classes(
    taxolens: Command, trained: Path, photos: Path, tmp_path: Path
) -> None:
    rival, told = tmp_path / "pruned.onnx", tmp_path / "told.json"
    rival.write_bytes((trained / "model.onnx").read_bytes())
    done = taxolens(
        "shrink", trained, photos, "--out", tmp_path / "out.onnx", "--rival", rival, "--json", told,
        "--smaller", "0", "--no-int8", *LENIENT,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert [one["way"]["base"] for one in figures(told)["variants"]] == [None, "pruned"]
    assert figures(told)["variants"][1]["agreement"] == 1

    fewer = tmp_path / "fewer"
    shutil.copytree(photos, fewer)
    shutil.rmtree(fewer / "down")
    assert taxolens("train", fewer, "--out", tmp_path / "two", "--quiet").code == 0
    done = taxolens("shrink", trained, photos, "--out", tmp_path / "b.onnx", "--rival", tmp_path / "two")
    assert done.code != 0 and "does not name the 3 classes" in " ".join(done.err.split())


def test_what_cannot_be_meant_is_one_sentence(
    taxolens: Command, trained: Path, photos: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.onnx"
    there.write_bytes(b"mine")
    for words, expected in (
        ((trained, photos, "--out", there), "is there already"),
        ((trained, photos, "--out", tmp_path / "new.onnx", "--speedup", "2"), "--speedup does not go"),
        ((trained, photos, "--out", tmp_path / "folder", "--smaller", "2"), "--smaller does not go"),
        ((trained, photos, "--out", trained / "model.onnx"), "named twice"),
        ((tmp_path / "gone.onnx", photos, "--out", tmp_path / "new.onnx"), "gone.onnx"),
    ):
        done = taxolens("shrink", *words)
        assert done.code != 0 and expected in " ".join(done.err.split()), done.err
        assert "Traceback" not in done.err
    assert there.read_bytes() == b"mine"
    assert not (tmp_path / "new.onnx").exists()
