from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import ImageError
from taxolens.core.taxonomy import Role
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.clip import Sampling, find_in_clip, look_at_clip, name_in_clip, pool
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.mean_log import MeanLog
from taxolens.inference.predictor import Predictor, open_predictor
from taxolens.inference.row import Looked, Row, Stamp, line_to_row, row_to_line
from taxolens.modelfile.card import CardClass
from taxolens.modelfile.pipeline import read_cascade
from taxolens.modelfile.read import ModelFile
from tests.unit.imaging.clips import flat, write_clip
from tests.unit.inference.colour_model import COLOURS, write_colour_model
from tests.unit.inference.square_detector import squares, write_square_model

BLANKS = (False, False, True)


def rows(*scores: tuple[float, float, float]) -> list[np.ndarray]:
    return [np.asarray(one, dtype=np.float32) for one in scores]


def test_frames_without_an_animal_do_not_drown_the_one_that_has_it() -> None:
    scores, best = pool(rows((0.02, 0.01, 0.97), (0.9, 0.05, 0.05), (0.01, 0.01, 0.98)), BLANKS)
    assert scores == pytest.approx([0.9, 0.05, 0.05], abs=1e-6)
    assert best == 1


def test_a_clip_is_blank_where_all_frames_are() -> None:
    scores, best = pool(rows((0.3, 0.1, 0.6), (0.05, 0.05, 0.9)), BLANKS)
    assert int(scores.argmax()) == 2
    assert best == 1


def test_frames_that_count_count_the_same() -> None:
    scores, _ = pool(rows((0.8, 0.1, 0.1), (0.2, 0.7, 0.1)), BLANKS)
    expected = np.sqrt([0.8 * 0.2, 0.1 * 0.7, 0.1 * 0.1])
    assert scores == pytest.approx(expected / expected.sum(), abs=1e-6)


@given(st.lists(st.tuples(*[st.floats(0.001, 1)] * 3), min_size=1, max_size=8))
def test_pooled_scores_are_probabilities_and_the_best_frame_is_one_of_them(
    found: list[tuple[float, ...]],
) -> None:
    frames = [np.asarray(one, dtype=np.float32) / np.float32(sum(one)) for one in found]
    scores, best = pool(frames, BLANKS)
    assert scores.dtype == np.float32
    assert float(scores.sum()) == pytest.approx(1, abs=1e-5)
    assert 0 <= best < len(frames)


@given(st.tuples(*[st.floats(0.01, 1)] * 3), st.integers(1, 9))
def test_many_equal_looks_say_what_one_says(one: tuple[float, ...], looks: int) -> None:
    scores = np.asarray(one, dtype=np.float32) / np.float32(sum(one))
    mean = MeanLog()
    for _ in range(looks):
        mean.add(scores)
    assert mean.probabilities() == pytest.approx(scores, abs=1e-5)


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    return open_predictor(write_colour_model(tmp_path / "model.onnx").path)


def test_a_clip_is_answered_with_its_frames_and_its_best_one(tmp_path: Path, predictor: Predictor) -> None:
    blue, dull, red = (flat(colour) for colour in (COLOURS["nothing"], (150, 80, 80), COLOURS["red"]))
    frames = [blue] * 8 + [dull] * 8 + [red] * 8 + [blue] * 8
    path = write_clip(tmp_path / "clip.mp4", frames, tags={"creation_time": "2026-05-01T06:15:00Z"})
    said = look_at_clip(path, predictor, Sampling(), max_megapixels=150)
    assert predictor.labels[int(said.scores.argmax())] == "red"
    assert said.looked == Looked(8.0, (0, 8, 16, 24), 16, 2.0, 1.0, 60)
    assert said.taken == datetime(2026, 5, 1, 6, 15)


def test_one_frame_is_in_memory_at_a_time(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gc
    import weakref

    path = write_clip(tmp_path / "clip.mp4", [flat(COLOURS["red"])] * 24)
    held: list[weakref.ref[np.ndarray]] = []
    scores = predictor.scores

    def watched(pixels: np.ndarray, **asked: float) -> np.ndarray:
        gc.collect()
        held.append(weakref.ref(pixels))
        assert sum(one() is not None for one in held) == 1
        return scores(pixels, **asked)

    monkeypatch.setattr(predictor, "scores", watched)
    look_at_clip(path, predictor, Sampling(every=0.25), max_megapixels=150)
    assert len(held) == 12


def bench_and_animal(tmp_path: Path, role: Role) -> tuple[Path, ModelFile]:
    """A clip in which a red bench stands and a green animal, less sure than it, comes and goes."""
    bench, both = (np.asarray(squares((0, 0, "red"), *more)) for more in ((), ((2, 1, "green 0.8"),)))
    detector = write_square_model(
        tmp_path / "detector.onnx", classes=(CardClass(id="red", role=role), CardClass(id="green"))
    )
    return write_clip(tmp_path / "clip.mp4", [bench] * 8 + [both] * 8 + [bench] * 8), detector


@pytest.mark.parametrize("role", [Role.OTHER, Role.BLANK])
def test_what_stands_in_all_frames_does_not_choose_the_frame(tmp_path: Path, role: Role) -> None:
    clip, detector = bench_and_animal(tmp_path, role)
    found = find_in_clip(clip, DetectorPredictor(detector), Sampling(), max_megapixels=150)
    assert found.looked.best == 8
    classifier = write_colour_model(tmp_path / "model.onnx").path
    both = CascadePredictor(read_cascade(detector.path, classifier))
    named = name_in_clip(clip, both, Sampling(), max_megapixels=150)
    assert named.looked.best == 8 and named.scores is None


def test_a_clip_that_cannot_be_read_is_told(tmp_path: Path, predictor: Predictor) -> None:
    (tmp_path / "torn.mp4").write_bytes(b"\0\0\0\x18ftypisom torn")
    with pytest.raises(ImageError) as caught:
        look_at_clip(tmp_path / "torn.mp4", predictor, Sampling(), max_megapixels=150)
    assert caught.value.code == "damaged"


def test_a_row_keeps_what_was_looked_at() -> None:
    looked = Looked(29.97, (0, 30, 60), 30, 1.001, 1.0, 60)
    row = Row(Stamp("a.mp4", 5, 7), "2026-05-01T06:15:00", np.asarray([1], dtype=np.float32), looked=looked)
    assert line_to_row(row_to_line(row)).looked == looked
