"""What studies of embeddings find in real photos, seen through the shipped backbone."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from taxolens.execution.local import ordered_map
from taxolens.imaging.decode import decode
from taxolens.inference.session import Session
from taxolens.modelfile.bundled import BUNDLED_LICENCE, BUNDLED_NAME, bundled_graph
from taxolens.probe.backbone import bundled_backbone
from taxolens.probe.feasibility import study
from taxolens.probe.near import near_by_embedding
from taxolens.probe.prospects import Verdict
from taxolens.probe.suspects import find_suspects
from tests.unit.probe.planted import Classes, Rows, shuffled, swapped

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]
Seen = tuple[Rows, Classes, tuple[str, ...]]


def embedded(files: list[Path]) -> Rows:
    graph = bundled_graph()
    if graph is None:
        pytest.skip("there is no shipped backbone")
    backbone, session = bundled_backbone(graph, name=BUNDLED_NAME, licence=BUNDLED_LICENCE), Session(graph)

    def embed(file: Path) -> Rows:
        return session(decode(file, backbone.preprocess, max_megapixels=100))

    return np.stack(list(ordered_map(embed, files, workers=2, window=8)))


@pytest.fixture(scope="module")
def leaves(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Seen]:
    """300 photos of leaves."""
    folder = tmp_path_factory.mktemp("leaves")
    with zipfile.ZipFile(shared_data / "leaves8" / "leaves8_train.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.lower().endswith(".jpg"))
        chosen = np.random.default_rng(0).choice(len(names), 300, replace=False)
        files = [Path(archive.extract(names[one], folder)) for one in chosen]
    labels = tuple(sorted({file.parent.name for file in files}))
    truth = np.array([labels.index(file.parent.name) for file in files])
    return files, (embedded(files), truth, labels)


def test_fifteen_swapped_labels_are_among_the_first_thirty(leaves: tuple[list[Path], Seen]) -> None:
    vectors, truth, labels = leaves[1]
    for seed in range(3):
        wrong, rows = swapped(truth, 15, seed)

        found = find_suspects(vectors, wrong, labels)

        assert len(rows & set(found.rows[:30].tolist())) >= 12


def test_leaves_can_be_learnt_and_labels_dealt_by_lot_cannot(leaves: tuple[list[Path], Seen]) -> None:
    vectors, truth, labels = leaves[1]

    assert study(vectors, truth, labels).verdict in (Verdict.EASY, Verdict.FEASIBLE)
    assert study(vectors, shuffled(truth), labels).verdict is Verdict.NOT_YET


def test_a_brighter_and_re_encoded_copy_is_near_its_original(
    leaves: tuple[list[Path], Seen], tmp_path: Path
) -> None:
    files, (vectors, _, _) = leaves
    copies = []
    for row in range(10):
        photo = Pillow.open(io.BytesIO(files[row].read_bytes())).convert("RGB")
        copies.append(tmp_path / f"{row}.jpg")
        photo.point(lambda value: min(255, round(value * 1.15))).save(copies[-1], quality=60)

    found = near_by_embedding(np.concatenate([vectors, embedded(copies)]))

    pairs = set(map(tuple, found.pairs.tolist()))
    assert sum((row, 300 + row) in pairs for row in range(10)) >= 9
    assert len(pairs) <= 14
