"""What every desk does, with processes and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import taxolens
from taxolens.core.errors import ModelError, UsageError
from taxolens.core.records import Status
from taxolens.inference.detected import Detected
from taxolens.modelfile.pipeline import read_cascade, write_pipeline
from taxolens.server.desk import State, Tensor
from taxolens.server.faults import NotReady, TooLate, UnknownModel, WorkerDied
from taxolens.server.model_desk import ModelDesk
from taxolens.server.open_desk import open_desk
from taxolens.server.options import DeskOptions, NamedFile
from taxolens.server.testing import DEADLY, inline_desk
from taxolens.server.work import Named, PhotoWork, Raw, TensorWork
from tests.unit.inference.colour_model import SIDE, write_colour_model, write_photo
from tests.unit.inference.square_detector import write_square_model, write_squares
from tests.unit.server.desks import write_sharp


@dataclass(frozen=True)
class Shop:
    """A desk that runs, and how to run something beside it."""

    desk: ModelDesk
    runner: asyncio.Runner
    folder: Path

    def ask(self, name: str, work: PhotoWork | TensorWork) -> Any:
        """The result of one piece of work."""
        return self.runner.run(self.desk.ask(self.desk.find(name), work, deadline=60)).result


@pytest.fixture(scope="module", params=[inline_desk, open_desk])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    write_colour_model(folder / "colours.onnx")
    write_colour_model(folder / "other.onnx", name="leaves & stones/2")
    write_square_model(folder / "squares.onnx")
    write_pipeline(
        read_cascade(folder / "squares.onnx", folder / "colours.onnx"), folder / "both.toml", name="woods"
    )
    files = (
        NamedFile(folder / "colours.onnx"),
        NamedFile(folder / "other.onnx"),
        NamedFile(folder / "squares.onnx", "boxes"),
        NamedFile(folder / "both.toml"),
    )
    aliases = {"champion": "boxes", "first": "colours:1"}
    with asyncio.Runner() as runner:
        desk = request.param(DeskOptions(files, aliases, workers=2))
        try:
            runner.run(desk.start())
            yield Shop(desk, runner, folder)
        finally:
            runner.run(desk.close(patience=5))


def photos(folder: Path) -> list[Path]:
    """One of each kind: easy, unsure, nothing, of squares, and none."""
    broken = folder / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 and no more")
    colours = [write_photo(folder / f"{one}.png", one, size=(90, 70)) for one in ("red", "nothing", "grey")]
    found = write_squares(folder / "squares.png", (0, 0, "red"), (2, 1, "green 0.9"))
    lossy = folder / "lossy.jpg"
    Image.open(found).resize((700, 500)).save(lossy)
    return [*colours, found, lossy, broken]


@pytest.mark.parametrize(
    ("name", "file"), [("colours", "colours.onnx"), ("boxes", "squares.onnx"), ("both", "both.toml")]
)
def test_answers_are_bit_for_bit_those_of_the_model_on_its_own(
    shop: Shop, tmp_path: Path, name: str, file: str
) -> None:
    own = taxolens.load(shop.folder / file)
    for photo in photos(tmp_path):
        said = shop.ask(name, PhotoWork(photo.read_bytes(), str(photo), top_k=2))
        (meant,) = own.predict(photo, top_k=2)
        if isinstance(said, Named):
            assert said.prediction == meant
            (row,) = own.probabilities(photo)  # type: ignore[union-attr]
            assert np.array_equal(said.probabilities, row) or (
                len(said.probabilities) == 0 and np.isnan(row).all()
            )
        else:
            assert isinstance(meant, Detected)
            assert _told(said) == _told(meant)


def _told(said: Detected) -> object:
    boxes = [
        (one.box, one.label, one.score, one.ranking, one.distribution.tolist()) for one in said.detections
    ]
    return said.name, said.status, said.failure, boxes


def test_pixels_get_the_same_answer_as_their_file_and_thresholds_count(shop: Shop, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", "grey")
    pixels = np.asarray(Image.open(path))
    from_file = shop.ask("colours", PhotoWork(path.read_bytes()))
    assert shop.ask("colours", PhotoWork(pixels)).prediction == from_file.prediction
    assert from_file.prediction.label == "unsure"
    assert shop.ask("colours", PhotoWork(pixels, threshold=0.0)).prediction.label == "red"
    with pytest.raises(UsageError, match="no score"):
        shop.ask("colours", PhotoWork(pixels, threshold=2.0))


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"no photo at all", "not_an_image")])
def test_what_is_no_photo_is_an_answer_that_says_why(shop: Shop, data: bytes, code: str) -> None:
    said = shop.ask("colours", PhotoWork(data, "it.jpg"))
    assert said.prediction.status is Status.FAILED
    assert said.prediction.failure.code == code
    assert said.prediction.name == "it.jpg"
    found = shop.ask("both", PhotoWork(data, "it.jpg"))
    assert (found.status, found.failure.code) == (Status.FAILED, code)


def test_models_are_called_by_their_cards_as_an_address_can_hold_it(shop: Shop) -> None:
    assert [one.name for one in shop.desk.models()] == ["both", "boxes", "colours", "leaves-stones-2"]
    assert [one.kind for one in shop.desk.models()] == ["pipeline", "detect", "classify", "classify"]
    assert shop.desk.find().name == "colours"
    assert shop.desk.find("champion").aliases == ("champion",)
    assert shop.desk.find("first", None).name == "colours"


def test_inputs_and_outputs_are_those_of_the_graph(shop: Shop) -> None:
    assert shop.desk.find("colours").inputs == (Tensor("image", "UINT8", (-1, SIDE, SIDE, 3)),)
    assert shop.desk.find("colours").outputs == (Tensor("probabilities", "FP32", (-1, 3)),)
    assert shop.desk.find("boxes").outputs == (Tensor("boxes", "FP32", (-1, 189, 7)),)
    assert shop.desk.find("both").inputs == shop.desk.find("both").outputs == ()


def test_tensors_are_answered_as_if_each_photo_came_alone(shop: Shop) -> None:
    tensor = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3)).astype(np.uint8)
    together = shop.ask("colours", TensorWork(tensor))
    assert isinstance(together, Raw)
    alone = [shop.ask("colours", TensorWork(tensor[index : index + 1])).output for index in range(5)]
    assert np.array_equal(together.output, np.concatenate(alone))
    assert together.output.shape == (5, 3)
    boxes = np.zeros((2, 96, 96, 3), np.uint8)
    assert shop.ask("boxes", TensorWork(boxes)).output.shape == (2, 189, 7)


@pytest.mark.parametrize(
    ("name", "tensor", "why"),
    [
        ("colours", np.zeros((1, SIDE, SIDE, 3), np.float32), "takes UINT8"),
        ("colours", np.zeros((1, SIDE, SIDE + 1, 3), np.uint8), r"\[-1, 16, 16, 3\]"),
        ("colours", np.zeros((SIDE, SIDE, 3), np.uint8), r"not uint8 with \[16, 16, 3\]"),
        ("colours", np.zeros((0, SIDE, SIDE, 3), np.uint8), "any number"),
        ("both", np.zeros((1, SIDE, SIDE, 3), np.uint8), "pipeline"),
    ],
)
def test_other_tensors_are_refused_with_what_is_taken(
    shop: Shop, name: str, tensor: np.ndarray[Any, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        shop.ask(name, TensorWork(tensor))


def test_names_and_versions_that_are_not_there_are_told_with_those_that_are(shop: Shop) -> None:
    with pytest.raises(UnknownModel, match="colours"):
        shop.desk.find("birds")
    with pytest.raises(UnknownModel, match="99"):
        shop.desk.find("colours", "99")
    with pytest.raises(UnknownModel):
        shop.runner.run(shop.desk.load("birds"))
    with pytest.raises(UnknownModel):
        shop.runner.run(shop.desk.unload("birds"))


def test_an_answer_after_its_deadline_is_of_no_use(shop: Shop) -> None:
    work = PhotoWork(b"x")
    with pytest.raises(TooLate):
        shop.runner.run(shop.desk.ask(shop.desk.find(), work, deadline=0))


def test_it_tells_how_busy_it_is(shop: Shop) -> None:
    load = shop.runner.run(shop.desk.load_now())
    assert (load.waiting, load.running, load.restarts, load.workers) == (0, 0, 0, 2)
    assert load.memory > 20_000_000


def test_a_newer_file_answers_under_the_next_version_and_the_old_one_stays_where_it_cannot(
    shop: Shop,
) -> None:
    file, run = shop.folder / "other.onnx", shop.runner.run
    before = shop.desk.find("leaves-stones-2")
    write_sharp(file, 0.01)
    loaded = run(shop.desk.load("leaves-stones-2"))
    assert (int(loaded.version), loaded.state) == (int(before.version) + 1, State.READY)
    assert loaded.sha256 != before.sha256
    # Who found the old one a moment ago is still answered by it.
    work = PhotoWork(np.full((9, 9, 3), (200, 0, 0), np.uint8))
    old = run(shop.desk.ask(before, work, deadline=60))
    new = run(shop.desk.ask(loaded, work, deadline=60))
    assert (old.version, new.version) == (before.version, loaded.version)
    assert old.result.prediction.score > new.result.prediction.score

    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="other.onnx"):
        run(shop.desk.load("leaves-stones-2"))
    assert shop.desk.find("leaves-stones-2").version == loaded.version
    failed = next(one for one in shop.desk.models() if one.state is State.FAILED)
    assert (failed.name, int(failed.version)) == ("leaves-stones-2", int(loaded.version) + 1)
    assert "other.onnx" in failed.reason
    with pytest.raises(NotReady, match="other.onnx"):
        shop.desk.find("leaves-stones-2", failed.version)
    assert shop.ask("leaves-stones-2", work).prediction.label == new.result.prediction.label

    file.write_bytes(whole)
    assert int(run(shop.desk.load("leaves-stones-2")).version) == int(failed.version) + 1
    assert not [one for one in shop.desk.models() if one.state is State.FAILED]


def test_a_model_out_of_service_does_not_answer_until_it_is_loaded_again(shop: Shop) -> None:
    run = shop.runner.run
    run(shop.desk.unload("champion"))
    with pytest.raises(NotReady, match="out of service"):
        shop.desk.find("boxes")
    assert shop.desk.ready
    run(shop.desk.load("boxes"))
    assert shop.desk.find("champion").state is State.READY


def test_what_is_held_answers_however_many_newer_ones_come(shop: Shop) -> None:
    async def reloads() -> str:
        await shop.desk.load("colours")
        with shop.desk.hold("colours") as held:
            for _ in range(2):
                await shop.desk.load("colours")
            await asyncio.sleep(1.2)
            answer = await shop.desk.ask(held, PhotoWork(b""), deadline=60)
        await asyncio.sleep(0.2)
        with pytest.raises(NotReady, match="newest"):
            await shop.desk.ask(held, PhotoWork(b""), deadline=60)
        assert answer.version == held.version
        return held.version

    pinned = shop.desk.find("first").version
    held = shop.runner.run(reloads())
    # An alias for one version keeps it.
    assert shop.desk.find("first").version == pinned
    assert shop.desk.find("colours").version != held


def test_a_model_with_a_detector_becomes_a_pipeline(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "colours.onnx")
    write_square_model(tmp_path / "squares.onnx")

    async def found(photo: Path) -> Detected:
        files = (NamedFile(tmp_path / "colours.onnx"), NamedFile(tmp_path / "squares.onnx"))
        desk = inline_desk(DeskOptions(files, detector=tmp_path / "squares.onnx"))
        await desk.start()
        assert [(one.name, one.kind) for one in desk.models()] == [
            ("colours", "pipeline"),
            ("squares", "detect"),
        ]
        answer = await desk.ask(desk.find(), PhotoWork(photo.read_bytes(), str(photo)), deadline=60)
        await desk.close(patience=1)
        assert isinstance(answer.result, Detected)
        return answer.result

    photo = write_squares(tmp_path / "a.png", (0, 0, "red"))
    own = taxolens.load(tmp_path / "colours.onnx", detector=tmp_path / "squares.onnx")
    (meant,) = own.predict(photo)
    assert _told(asyncio.run(found(photo))) == _told(meant)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "aliases", "why"),
    [
        (["colours.onnx", "colours.onnx"], {}, "Two models are called colours"),
        (["absent.onnx"], {}, "no model file"),
        (["colours.onnx"], {"champion": "birds"}, "no model birds"),
        (["a.json"], {}, "not an ONNX file"),
    ],
)
def test_a_desk_that_cannot_be_opened_as_asked_says_why(
    tmp_path: Path, files: list[str], aliases: dict[str, str], why: str
) -> None:
    write_colour_model(tmp_path / "colours.onnx")
    (tmp_path / "a.json").write_text(json.dumps({}), encoding="utf-8")

    async def opened() -> None:
        desk = inline_desk(DeskOptions(tuple(NamedFile(tmp_path / one) for one in files), aliases))
        try:
            with pytest.raises(UsageError, match=why):
                await desk.start()
            assert not desk.ready
        finally:
            await desk.close(patience=1)

    asyncio.run(opened())


def test_files_that_changed_and_rest_are_loaded_on_their_own(tmp_path: Path) -> None:
    file = write_sharp(tmp_path / "model.onnx", 0.05)

    async def watched() -> None:
        desk = inline_desk(DeskOptions((NamedFile(file),), watch=0.05))
        await desk.start()
        await asyncio.sleep(0.3)
        assert desk.find().version == "1"
        write_sharp(file, 0.01)
        async with asyncio.timeout(30):
            while desk.find().version == "1":
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        assert desk.find().version == "2"
        await desk.close(patience=1)

    asyncio.run(watched())


def test_answers_tell_where_their_time_went(shop: Shop, tmp_path: Path) -> None:
    work = PhotoWork(write_photo(tmp_path / "a.png", size=(600, 400)).read_bytes())
    for name in ("colours", "boxes", "both"):
        answer = shop.runner.run(shop.desk.ask(shop.desk.find(name), work, deadline=60))
        assert 0 < answer.decoding < answer.seconds
        assert 0 <= answer.waited < 60


def test_a_model_that_is_taken_out_of_service_finishes_its_work_first(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def unloaded() -> None:
        desk = inline_desk(DeskOptions((NamedFile(file),)), delay=0.1)
        await desk.start()
        work = PhotoWork(write_photo(tmp_path / "a.png").read_bytes())
        jobs = [asyncio.create_task(desk.ask(desk.find(), work, deadline=60)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await desk.unload("colours")
        assert all(job.done() for job in jobs)
        assert {(await job).version for job in jobs} == {"1"}
        await desk.close(patience=1)

    asyncio.run(unloaded())


def test_the_desk_without_processes_loses_a_worker_to_a_deadly_photo_too(tmp_path: Path) -> None:
    file = write_colour_model(tmp_path / "colours.onnx").path

    async def asked() -> None:
        desk = inline_desk(DeskOptions((NamedFile(file),)))
        await desk.start()
        with pytest.raises(WorkerDied):
            await desk.ask(desk.find(), PhotoWork(DEADLY), deadline=60)
        answer = await desk.ask(desk.find(), PhotoWork(b""), deadline=60)
        assert answer.version == "1"
        assert (await desk.load_now()).restarts == 1
        await desk.close(patience=1)

    asyncio.run(asked())
