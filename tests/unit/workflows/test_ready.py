"""Ready models arrive from a server or by hand, are checked, and find what they are made to find."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from taxolens.core.errors import ModelError, NetworkError, TaxolensError, UsageError
from taxolens.core.taxonomy import Role
from taxolens.imaging.preprocess import Filter, Fit
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.predictor import Predictor
from taxolens.modelfile.arrival import ready_path
from taxolens.modelfile.read import read_model
from taxolens.modelfile.ready import ReadyModel, ready_models
from taxolens.workflows.ready import ReadyRequest, get_ready, list_ready, ready_file, remove_ready
from tests.unit.inference.raw_outputs import written
from tests.unit.workflows.test_describe_detector import always

CORNERS = np.array([[160, 320, 400, 480], [320, 40, 560, 200]], np.float32)
SCORES = np.array([[0.8, 0.05, 0.01], [0.1, 0.6, 0.02]], np.float32)
NAME = "megadetector-v5a"


class Notes:
    """What a user was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def track(self, items: Any, **_: object) -> Any:
        return items

    def note(self, text: str) -> None:
        self.told.append(text)


class Host(BaseHTTPRequestHandler):
    """Serves one file."""

    body = b""
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[Host], str]]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    handler = type("OneHost", (Host,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}/model"
    server.shutdown()
    server.server_close()
    thread.join()


def entry_for(name: str, **changes: object) -> ReadyModel:
    unknown = {"bytes": None, "sha256": None, "sha256_from": "", "about": None}
    return ready_models()[name].model_copy(update={**unknown, **changes})


def megadetector(family: str = "yolov5", *, side: int = 640) -> bytes:
    """A network of three classes that always finds an animal and a person."""
    raw = written(family, CORNERS * (side / 640), SCORES, side, side)
    return bytes(always({"output0": raw[np.newaxis]}, side=side).SerializeToString())


def zipped(network: bytes, name: str = "MDV6-mit-yolov9-c/1/model.onnx", **more: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, network)
        for other, content in more.items():
            archive.writestr(other, content)
    return stream.getvalue()


def thinned(side: int = 640) -> bytes:
    """A network that thins its boxes itself: [1, n, 6] with the rows whose score is above the photo's brightness."""
    rows = np.array([[*CORNERS[0], 0.45, 0], [*CORNERS[1], 0.3, 2]], np.float32)
    constants = {"rows": rows, "scores": rows[:, 4], "axis": np.array([0], np.int64)}
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0),
        helper.make_node("Greater", ["scores", "mean"], ["above"]),
        helper.make_node("Compress", ["rows", "above"], ["kept"], axis=0),
        helper.make_node("Unsqueeze", ["kept", "axis"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "thinned",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, "n", 6])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def speciesnet(side: int = 480, classes: int = 3) -> bytes:
    """Takes photos [N, height, width, 3] in 0..1 and answers with logits: how red, green and blue they are."""
    nodes = [helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2], keepdims=0)]
    nodes += [
        helper.make_node("Gemm", ["mean", "weights"], ["logits"]),
    ]
    weights = np.zeros((3, classes), np.float32)
    weights[:, :3] = 9 * np.eye(3)
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", side, side, 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def given_by_hand(tmp_path: Path, data: bytes, name: str = "given.onnx") -> Path:
    file = tmp_path / name
    file.write_bytes(data)
    return file


def found(home: Path, name: str, colour: int = 0) -> list[tuple[str, float]]:
    model = DetectorPredictor(read_model(ready_path(name, home)))
    (answer,) = model.predict(np.full((640, 640, 3), colour, np.uint8))
    return [(one.label, round(one.score, 2)) for one in answer.detections]


def test_an_export_given_by_hand_is_usable_with_one_command(tmp_path: Path) -> None:
    file = given_by_hand(tmp_path, megadetector(side=128))
    notes = Notes()
    here = get_ready(ReadyRequest(NAME, file), home=tmp_path / "home", progress=notes)
    card = here.model.card
    assert card.labels == ("animal", "person", "vehicle")
    assert (card.taxa[1].role, card.output.decoder, card.input.fit) == (Role.PERSON, "yolov5", Fit.LETTERBOX)
    assert (card.thresholds.typical, card.thresholds.conservative) == (0.2, 0.05)
    assert card.licence == "GPL-3.0"
    assert found(tmp_path / "home", NAME) == [("animal", 0.8), ("person", 0.6)]
    assert ready_file(NAME, tmp_path / "home") == ready_path(NAME, tmp_path / "home")
    assert not here.published
    assert here.sha256 is not None and any(here.sha256 in told for told in notes.told)
    assert any("GPL-3.0" in told for told in notes.told)
    assert {row.name for row in list_ready(tmp_path / "home") if row.here} == {NAME}


def test_an_export_that_is_read_otherwise_than_the_usual_one_is_understood(tmp_path: Path) -> None:
    file = given_by_hand(tmp_path, megadetector("yolov8", side=128))
    get_ready(ReadyRequest(NAME, file), home=tmp_path)
    assert found(tmp_path, NAME) == [("animal", 0.8), ("person", 0.6)]


def test_a_download_is_checked_against_what_is_known_in_public(
    host: tuple[type[Host], str], tmp_path: Path
) -> None:
    handler, url = host
    handler.body = zipped(megadetector(side=128))
    known = hashlib.sha256(handler.body).hexdigest()
    name = "megadetector-v6-mit-yolov9-c"
    entry = entry_for(name, url=url, sha256=known, sha256_from="this test", bytes=len(handler.body))
    here = get_ready(ReadyRequest(name), home=tmp_path, entry=entry)
    assert here.published and here.sha256 == known
    assert found(tmp_path, name) == [("animal", 0.8), ("person", 0.6)]
    handler.body = zipped(megadetector(side=96))
    with pytest.raises(ModelError, match="checksum differs"):
        get_ready(ReadyRequest(name), home=tmp_path / "other", entry=entry)
    assert not [one for one in (tmp_path / "other").rglob("*") if one.is_file() and one.suffix == ".onnx"]


def test_the_first_download_is_remembered_and_a_different_one_refused(
    host: tuple[type[Host], str], tmp_path: Path
) -> None:
    handler, url = host
    entry = entry_for(NAME, url=url)
    handler.body = megadetector(side=128)
    notes = Notes()
    first = get_ready(ReadyRequest(NAME), home=tmp_path, entry=entry, progress=notes)
    assert first.sha256 is not None
    assert any("Nobody states the checksum" in told and first.sha256 in told for told in notes.told)
    remove_ready(NAME, tmp_path)
    assert not ready_path(NAME, tmp_path).exists()
    handler.body = megadetector(side=96)
    with pytest.raises(ModelError, match="--replace") as refused:
        get_ready(ReadyRequest(NAME), home=tmp_path, entry=entry)
    assert refused.value.fields["before"] == first.sha256
    assert not ready_path(NAME, tmp_path).exists()
    get_ready(ReadyRequest(NAME, replace=True), home=tmp_path, entry=entry)
    asked = len(handler.asked)
    again = Notes()
    get_ready(ReadyRequest(NAME), home=tmp_path, entry=entry, progress=again)
    assert len(handler.asked) == asked and any("here already" in told for told in again.told)
    remove_ready(NAME, tmp_path)
    get_ready(ReadyRequest(NAME), home=tmp_path, entry=entry, progress=again)
    assert any("the same file as before" in told for told in again.told)


def test_what_does_not_fit_is_neither_kept_nor_remembered(tmp_path: Path) -> None:
    wrong = given_by_hand(
        tmp_path, bytes(always({"o": np.zeros((1, 25200, 85), np.float32)}).SerializeToString())
    )
    with pytest.raises(TaxolensError):
        get_ready(ReadyRequest(NAME, wrong), home=tmp_path)
    right = given_by_hand(tmp_path, megadetector(side=128))
    get_ready(ReadyRequest(NAME, right), home=tmp_path)


def test_a_licence_that_forbids_to_earn_money_must_be_accepted_before_anything_is_fetched(
    host: tuple[type[Host], str], tmp_path: Path
) -> None:
    handler, url = host
    handler.body = zipped(
        speciesnet(182), "Deepfaune-New-England/1/model.onnx", **{"labels.txt": b"fox\nhare\nlynx\n"}
    )
    entry = entry_for("deepfaune-new-england", url=url, count=3)
    notes = Notes()
    with pytest.raises(UsageError, match="--accept-licence"):
        get_ready(ReadyRequest(entry.name), home=tmp_path, entry=entry, progress=notes)
    assert handler.asked == [] and "CC-BY-NC-SA-4.0" in notes.told[0]
    here = get_ready(ReadyRequest(entry.name, accept_licence=True), home=tmp_path, entry=entry)
    assert here.model.card.labels == ("fox", "hare", "lynx")
    assert here.model.card.input.filter is Filter.BICUBIC


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("weights.pt", b"\x80\x02}q\x00."),
        ("weights.ckpt", b"anything"),
        ("weights.onnx", zipped(b"", "archive/data.pkl")),
    ],
)
def test_weights_that_are_a_program_are_never_opened(tmp_path: Path, name: str, data: bytes) -> None:
    file = given_by_hand(tmp_path, data, name)
    with pytest.raises(ModelError, match=r"programs of others are not run here.*export\.py"):
        get_ready(ReadyRequest(NAME, file), home=tmp_path)


def test_where_only_weights_are_published_the_way_to_an_onnx_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        NetworkError, match=r"yolo export model=md_v1000\.0\.0-sorrel\.pt format=onnx imgsz=960"
    ):
        get_ready(ReadyRequest("megadetector-v1000-sorrel"), home=tmp_path)


def test_without_network_the_answer_says_how_to_do_without(tmp_path: Path) -> None:
    entry = entry_for(NAME, url="http://127.0.0.1:9/nobody")
    with pytest.raises(NetworkError, match="taxolens models get megadetector-v5a --from FILE"):
        get_ready(ReadyRequest(NAME), home=tmp_path, entry=entry)


def test_a_network_that_thins_its_boxes_itself_may_find_none_of_them(tmp_path: Path) -> None:
    name = "megadetector-v6-mit-yolov9-c"
    here = get_ready(ReadyRequest(name, given_by_hand(tmp_path, thinned())), home=tmp_path)
    assert here.model.card.output.decoder == "end-to-end"
    assert found(tmp_path, name, 0) == [("animal", 0.45), ("vehicle", 0.3)]
    assert found(tmp_path, name, 100) == [("animal", 0.45)]
    assert found(tmp_path, name, 250) == []


def test_rows_of_rt_detr_that_hold_the_same_box_become_one_with_all_its_classes(tmp_path: Path) -> None:
    name = "megadetector-v6-apache-rtdetr-c"
    here = get_ready(ReadyRequest(name, given_by_hand(tmp_path, megadetector("rt-detr"))), home=tmp_path)
    assert (here.model.card.output.decoder, here.model.card.input.fit) == ("rt-detr", Fit.SQUASH)
    (answer,) = DetectorPredictor(here.model).predict(np.zeros((320, 960, 3), np.uint8))
    animal, person = answer.detections
    assert (animal.label, person.label) == ("animal", "person")
    assert person.distribution == pytest.approx(SCORES[1] / SCORES[1].sum(), abs=1e-5)
    assert (animal.box.x, animal.box.y) == pytest.approx((0.25, 0.5), abs=1e-5)


def test_speciesnet_takes_its_classes_from_the_file_beside_it(tmp_path: Path) -> None:
    uuid = "aaaaaaaa-0000-0000-0000-000000000000"
    lines = [
        f"{uuid};mammalia;carnivora;canidae;vulpes;vulpes;red fox",
        f"{uuid};aves;;;;;bird",
        f"{uuid};;;;;;blank",
    ]
    labels = tmp_path / "always_crop_v12.labels.txt"
    labels.write_text("\n".join(lines) + "\n", encoding="utf-8")
    entry = entry_for("speciesnet", count=3)
    file = given_by_hand(tmp_path, speciesnet())
    here = get_ready(ReadyRequest("speciesnet", file), home=tmp_path / "home", entry=entry)
    assert here.model.card.labels == ("red fox", "bird", "blank")
    (answer,) = Predictor(here.model).predict(np.full((50, 80, 3), (0, 200, 0), np.uint8))
    assert answer.label == "bird"
    labels.unlink()
    with pytest.raises(UsageError, match="--labels FILE"):
        get_ready(ReadyRequest("speciesnet", file), home=tmp_path / "home", entry=entry)


def test_labels_for_another_number_of_classes_are_refused(tmp_path: Path) -> None:
    file = given_by_hand(tmp_path, speciesnet(classes=5))
    labels = given_by_hand(tmp_path, b"fox\nhare\n", "classes.txt")
    with pytest.raises(ModelError, match="has 5 classes, but 2 are named"):
        get_ready(ReadyRequest("speciesnet", file, labels), home=tmp_path)


def test_a_model_that_is_not_here_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="taxolens models get yolox-nano"):
        ready_file("yolox-nano", tmp_path)
    with pytest.raises(UsageError, match="nothing was removed"):
        remove_ready("yolox-nano", tmp_path)


def test_a_damaged_archive_is_told_in_one_sentence(tmp_path: Path) -> None:
    whole = zipped(megadetector(side=128))
    file = given_by_hand(tmp_path, whole[: len(whole) // 2], "cut.zip")
    with pytest.raises(ModelError, match="damaged or cut short"):
        get_ready(ReadyRequest(NAME, file), home=tmp_path)
    empty = given_by_hand(tmp_path, zipped(b"x", "readme.md"), "empty.zip")
    with pytest.raises(ModelError, match="holds no ONNX file"):
        get_ready(ReadyRequest(NAME, empty), home=tmp_path)


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "file"), [("yolox-nano", "yolox_nano.onnx")])
def test_a_published_network_finds_what_it_is_known_for(name: str, file: str, tmp_path: Path) -> None:
    weights = Path(__file__).parents[4] / "shared" / "weights" / file
    if not weights.is_file():
        pytest.skip("no weights here")
    here = get_ready(ReadyRequest(name, weights), home=tmp_path)
    assert (here.model.card.input.width, len(here.model.card.labels)) == (416, 80)
    assert onnx.load_from_string(here.model.graph).graph.output[0].name == "boxes"
