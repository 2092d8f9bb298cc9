"""The outside of a training process, against processes that behave well and badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taxolens.core.detection_trainer import DetectionEpoch
from taxolens.core.errors import ModelError, TrainingFailed
from taxolens.core.texts import plain
from taxolens.training.detection.libre import labels_of
from taxolens.training.detection.messages import Refused, Steps, from_line, to_line
from taxolens.training.detection.order import EPOCHS, Order
from taxolens.training.detection.process import trained_by

EPOCH = DetectionEpoch(1, 0.01, {"iou": 1.5, "obj": 0.5}, 0.4, 0.2, 2.0)


def order_in(folder: Path) -> Order:
    return Order(
        folder=folder,
        photos=folder,
        labels=("été", "a b"),
        family="yolox",
        size="n",
        side=64,
        epochs=2,
        batch=2,
        rate=None,
        frozen=False,
        mosaic=1.0,
        mixup=0.0,
        cutmix=0.0,
        patience=0,
        seed=0,
        device="cpu",
        weights=None,
        teacher=folder / "teacher.pt",
    )


def module(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that a process can run, in place of a library's."""
    (folder / "library_under_test.py").write_text(textwrap.dedent(text))
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return "library_under_test"


class Heard:
    """Keeps what a person would see."""

    def __init__(self) -> None:
        self.bars: list[tuple[str, int, int | None]] = []
        self.lines: list[str] = []

    def track(self, items: Iterable[object], *, what: str, total: int | None = None) -> Iterator[object]:
        count = 0
        for item in items:
            count += 1
            yield item
        self.bars.append((what, count, total))

    def note(self, text: str) -> None:
        self.lines.append(text)


WELL = """
    import sys, json, time
    import numpy as np
    from pathlib import Path
    from taxolens.core.detection_trainer import DetectionEpoch, ToldBoxes
    from taxolens.training.detection.child import Teller, serve, write_facts, write_told
    from taxolens.training.detection.messages import Steps

    def work(order, teller):
        print("the library talks")
        for epoch in (1, 2):
            for step in range(4):
                teller.tell(Steps(epoch, step, 3))
            last = order.folder / "last.pt"
            last.write_text(str(epoch))
            figures = DetectionEpoch(epoch, 0.01, {"iou": 1.0 / epoch}, 0.5, 0.25 * epoch, 1.0)
            teller.learnt(figures, last, last)
        (order.folder / "graph.onnx").write_bytes(b"graph")
        (order.folder / "weights.bin").write_bytes(b"weights")
        boxes = ToldBoxes(np.ones((1, 4), "f4"), np.ones(1, "f4"), np.zeros(1, "i8"))
        none = ToldBoxes(np.ones((0, 4), "f4"), np.ones(0, "f4"), np.zeros(0, "i8"))
        write_told([none, boxes], order.folder)
        write_facts(order.folder, weights="weights.bin", licence=None, corner=True, overlap=0.5,
                    parameters=7, multiplications=None)

    serve(work)
"""


def test_an_order_is_read_as_it_was_written(tmp_path: Path) -> None:
    order = order_in(tmp_path)
    assert Order.read(order.write()) == order


@pytest.mark.parametrize(
    "message", [EPOCH, Steps(3, 0, 12), Refused("ModelError", "No {what}.", {"what": "weights"})]
)
def test_messages_survive_a_line(message: DetectionEpoch | Steps | Refused) -> None:
    line = to_line(message)
    assert "\n" not in line and from_line(line) == message


@pytest.mark.parametrize(
    "line", ["", "Epoch 1/3", "{}", '["Steps", {"epoch": 1}]', '["Nobody", {}]', "[1, 2, 3]"]
)
def test_what_a_library_prints_between_is_passed_over(line: str) -> None:
    assert from_line(line) is None


def test_an_epoch_that_is_learnt_again_after_a_stop_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = to_line(replace(EPOCH, number=2))
    (tmp_path / EPOCHS).write_text(f"\n{to_line(EPOCH)}\n\n{torn}\n\n{torn[:20]}")
    order = order_in(tmp_path)
    trained = trained_by(module(tmp_path, WELL, monkeypatch), order, progress=Heard(), say=plain)
    assert [(one.number, one.losses) for one in trained.epochs] == [(1, {"iou": 1.0}), (2, {"iou": 0.5})]
    again = trained_by(module(tmp_path, WELL, monkeypatch), order, progress=Heard(), say=plain)
    assert [one.number for one in again.epochs] == [1, 2]


def test_boxes_are_sought_beside_the_last_folder_of_photos() -> None:
    photo = Path("/data/images/dogs/.run/photos/images/train/0000001.png")
    assert labels_of([photo]) == [Path("/data/images/dogs/.run/photos/labels/train/0000001.txt")]


def test_a_training_is_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    trained = trained_by(module(tmp_path, WELL, monkeypatch), order_in(tmp_path), progress=heard, say=plain)
    assert heard.bars == [("Epoch 1 of 2", 3, 3), ("Epoch 2 of 2", 3, 3)]
    assert [line.partition(":")[0] for line in heard.lines] == ["Epoch 1 of 2", "Epoch 2 of 2"]
    assert (trained.onnx, trained.weights, trained.suffix) == (b"graph", b"weights", ".bin")
    assert [one.number for one in trained.epochs] == [1, 2] and trained.best == 2
    assert [len(one.scores) for one in trained.told] == [0, 1]
    assert np.array_equal(trained.told[1].corners, np.ones((1, 4)))
    assert "the library talks" in (tmp_path / "library.log").read_text()


def test_what_the_process_refuses_is_refused_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
    from taxolens.core.errors import ModelError
    from taxolens.training.detection.child import serve
    def work(order, teller):
        raise ModelError("The weights {file} are of another network ({share:.1f} %).", file="a.onnx", share=7)
    serve(work)
    """
    with pytest.raises(ModelError, match=r"The weights a\.onnx are of another network \(7\.0 %\)"):
        trained_by(module(tmp_path, text, monkeypatch), order_in(tmp_path), progress=Heard(), say=plain)


def test_a_lack_of_memory_says_what_to_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    from taxolens.training.detection.child import serve
    def work(order, teller):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
    serve(work)
    """
    with pytest.raises(TrainingFailed, match="Lower --batch"):
        trained_by(module(tmp_path, text, monkeypatch), order_in(tmp_path), progress=Heard(), say=plain)


def test_a_library_that_gives_up_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = module(tmp_path, "raise ValueError('there are no stairs here')", monkeypatch)
    with pytest.raises(TrainingFailed, match=r"no stairs here.*library\.log"):
        trained_by(name, order_in(tmp_path), progress=Heard(), say=plain)


WAITING = """
    import os, time
    from taxolens.training.detection.child import serve
    def work(order, teller):
        (order.folder / "pid").write_text(str(os.getpid()))
        time.sleep(120)
    serve(work)
"""


def alive(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="looks at processes as Linux tells them")
def test_where_the_parent_is_killed_the_training_ends_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module(tmp_path, WAITING, monkeypatch)
    order_in(tmp_path).write()
    parent = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from taxolens.core.progress import Silent
from taxolens.core.texts import plain
from taxolens.training.detection.order import EPOCHS, Order
from taxolens.training.detection.process import trained_by
trained_by({name!r}, Order.read(Path({str(tmp_path / "order.json")!r})), progress=Silent(), say=plain)
"""
    process = subprocess.Popen([sys.executable, "-c", parent])
    told = tmp_path / "pid"
    deadline = time.monotonic() + 120
    while not (told.is_file() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(told.read_text())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
