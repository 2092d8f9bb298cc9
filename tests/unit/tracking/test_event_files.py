"""Event files, read back with TensorBoard's own reader."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorboardX")
reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

from taxolens.core.tracking import EVENTS, Ending  # noqa: E402
from taxolens.tracking.event_files import EventFiles  # noqa: E402
from tests.unit.tracking.course import EPOCHS, FIGURES, below, no_photos, photos, tracked, written_run  # noqa: E402

Reader = Callable[[Path], Any]


def read(folder: Path) -> Any:
    found = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    found.Reload()
    return found


def curve(found: Any, name: str) -> list[tuple[int, float]]:
    return [(one.step, pytest.approx(one.value)) for one in found.Scalars(name)]


def test_every_epoch_is_a_point_of_each_curve_the_moment_it_is_over(tmp_path: Path) -> None:
    events = EventFiles(tracked(tmp_path))
    folder = tmp_path / "place" / EVENTS
    events.learnt(EPOCHS[:1], photos)
    assert curve(read(folder), "loss/train") == [(1, 1.5)]
    events.learnt(EPOCHS, no_photos)
    found = read(folder)
    assert curve(found, "loss/validation") == [(1, 1.2), (2, 0.8), (3, 0.25)]
    assert curve(found, "learning_rate") == [(1, 0.003), (2, 0.001), (3, 0.0005)]
    assert curve(found, "accuracy/train") == [(1, 0.4)]
    events.close(Ending.DONE)


def test_the_photos_are_shown_as_the_network_sees_them(tmp_path: Path) -> None:
    events = EventFiles(tracked(tmp_path))
    events.learnt((), photos)
    found = read(tmp_path / "place" / EVENTS)
    (tag,) = found.Tags()["images"]
    (shown,) = found.Images(tag)
    pixels = np.asarray(Image.open(BytesIO(shown.encoded_image_string)))
    first = photos()[0]
    assert any(
        np.array_equal(pixels[top : top + 6, left : left + 8], first)
        for top in range(pixels.shape[0] - 5)
        for left in range(pixels.shape[1] - 7)
    )
    events.close(Ending.STOPPED)


def test_settings_stand_beside_the_curves_in_any_language(tmp_path: Path) -> None:
    events = EventFiles(tracked(tmp_path))
    events.learnt((), photos)
    events.close(Ending.STOPPED)
    found = read(tmp_path / "place" / EVENTS)
    (told,) = found.Tensors("settings/text_summary")
    text = told.tensor_proto.string_val[0].decode("utf-8")
    assert "| network.rate | 0.001 |" in text and "| source.data | forêt/été   2024 |" in text


def test_after_a_stop_no_point_is_there_twice_and_times_go_forward(tmp_path: Path) -> None:
    run = tracked(tmp_path)
    before = EventFiles(run)
    before.learnt(EPOCHS[:2], photos)
    before.close(Ending.STOPPED)
    again = EventFiles(run)
    again.learnt(EPOCHS[:2], photos)
    again.learnt(EPOCHS, no_photos)
    again.close(Ending.DONE)
    found = read(run.place / EVENTS)
    assert curve(found, "loss/train") == [(1, 1.5), (2, 1.0), (3, 0.5)]
    times = [one.wall_time for one in found.Scalars("loss/train")]
    assert times[1] - times[0] == pytest.approx(3.5, abs=0.01)
    assert times == sorted(times) and times[-1] <= time.time()


def test_the_run_folder_gets_everything_in_the_end(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run")
    events = EventFiles(tracked(tmp_path))
    events.learnt(EPOCHS, photos)
    events.judged(FIGURES, folder)
    events.close(Ending.DONE)
    found = read(folder / EVENTS)
    assert curve(found, "test/accuracy") == [(3, 0.875)]
    assert len(curve(found, "loss/train")) == 3


def test_parts_of_a_run_lie_beside_it(tmp_path: Path) -> None:
    run = tracked(tmp_path)
    part = EventFiles(below(run, 4))
    part.learnt(EPOCHS[:2], photos)
    part.close(Ending.STOPPED)
    whole = EventFiles(run)
    folder = written_run(tmp_path / "run")
    whole.judged(FIGURES, folder)
    assert curve(read(folder / EVENTS / "4"), "loss/train") == [(1, 1.5), (2, 1.0)]
