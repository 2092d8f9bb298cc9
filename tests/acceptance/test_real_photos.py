"""The main job on real photos, where they are beside the checkout."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.conftest import Command, rows_of

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def mobilenet(taxolens: Command, shared_weights: Path) -> str:
    """A real pretrained backbone, remembered under a name."""
    if importlib.util.find_spec("timm") is None:
        pytest.skip("the training extra is not installed")
    outcome = taxolens(
        *("models", "add", "mobilenet", "--timm", "mobilenetv2_100"),
        *(
            "--weights",
            shared_weights / "mobilenetv2_100_same_in1k.safetensors",
            "--backbone-arg",
            "pad_type=same",
        ),
        *("--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.5"),
    )
    assert outcome.code == 0, outcome.err
    return "mobilenet"


@pytest.fixture(scope="module")
def dogs(
    taxolens: Command, shared_data: Path, mobilenet: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run on three breeds of dogs, straight from the zip."""
    out = tmp_path_factory.mktemp("dogs") / "run"
    archive = shared_data / "dogs3" / "dogs3_train.zip"
    outcome = taxolens("train", archive, "--out", out, "--backbone", mobilenet, "--quiet")
    assert outcome.code == 0, outcome.err
    return out


def test_breeds_that_the_backbone_knows_are_told_apart(dogs: Path) -> None:
    figures = json.loads((dogs / "metrics.json").read_text(encoding="utf-8"))
    assert figures["n"] >= 70
    assert figures["accuracy"] >= 0.95
    low, high = figures["intervals"]["accuracy"]
    assert low < figures["accuracy"] <= high and low < 0.99
    assert figures["parity"]["agreement"] == 1 and figures["parity"]["largest_difference"] < 1e-4


def test_odd_files_beside_good_photos_are_answered_or_listed(
    taxolens: Command, dogs: Path, shared_data: Path, tmp_path: Path
) -> None:
    card = tmp_path / "card"
    with zipfile.ZipFile(shared_data / "odd_images" / "odd_images.zip") as archive:
        archive.extractall(card / "odd")
    with zipfile.ZipFile(shared_data / "dogs3" / "dogs3_train.zip") as archive:
        good = [name for name in archive.namelist() if name.endswith(".jpg")][::4]
        archive.extractall(card / "good", good)
    odd = {file.name for file in (card / "odd").rglob("*") if file.is_file() and file.suffix != ".csv"}
    outcome = taxolens("identify", card, "--model", dogs / "model.onnx", "--out", tmp_path / "table.csv")
    assert outcome.code == 3, outcome.err
    rows = {row["file"]: row for row in rows_of(tmp_path / "table.csv")}
    assert {name.rsplit("/", 1)[-1] for name in rows if name.startswith("odd/")} == odd
    assert all(row["status"] == "ok" for name, row in rows.items() if name.startswith("good/"))
    assert sum(name.startswith("good/") for name in rows) == len(good)
    statuses = Counter(row["status"] for name, row in rows.items() if name.startswith("odd/"))
    assert statuses["blank"] == 0 and statuses["ok"] >= 20
    assert all(row["failure"] for row in rows.values() if row["status"] == "failed")


def test_large_photos_are_answered_as_at_full_size(
    taxolens: Command, dogs: Path, shared_data: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(shared_data / "cameratrap_fullres" / "cameratrap_fullres.zip") as archive:
        archive.extractall(tmp_path / "large")
    labels = tmp_path / "large" / "table.csv"
    names = sorted(path.name for path in (tmp_path / "large").glob("*.jpg"))
    rows = [f"{name},{'even' if index % 2 else 'odd'},test" for index, name in enumerate(names[:-4])]
    rows += [f"{name},{'even' if index % 2 else 'odd'},train" for index, name in enumerate(names[-4:])]
    labels.write_text("file,label,split\n" + "\n".join(rows) + "\n", encoding="utf-8")
    outcome = taxolens("train", labels, "--out", tmp_path / "run", "--quiet")
    assert outcome.code == 0, outcome.err
    decoding = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))["full_decoding"]
    assert decoding["n"] >= 10
    assert decoding["agreement"] >= 0.9
    assert decoding["largest_difference"] < 0.1


def test_consecutive_frames_of_a_camera_stay_on_one_side(
    taxolens: Command, shared_data: Path, tmp_path: Path
) -> None:
    archive = shared_data / "cameratrap" / "cameratrap_train.zip"
    outcome = taxolens("train", archive, "--out", tmp_path / "run", "--sequence-by", "filename", "--quiet")
    assert outcome.code == 0, outcome.err
    sides: dict[str, set[str]] = {}
    for row in rows_of(tmp_path / "run" / "split.csv"):
        sides.setdefault(row["sequence"], set()).add(row["split"])
    assert len(sides) > 50 and all(len(parts) == 1 for parts in sides.values())
    card = (tmp_path / "run" / "model.onnx").read_bytes()
    assert b'"role":"blank"' in card
