"""What the doors answer for models that find boxes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton

from taxolens.modelfile.pipeline import read_cascade, write_pipeline
from tests.unit.inference.colour_model import write_colour_model
from tests.unit.inference.square_detector import squares, write_square_model
from tests.unit.server.served import served


def _png(*places: tuple[int, int, str]) -> bytes:
    file = io.BytesIO()
    squares(*places).save(file, "PNG")
    return file.getvalue()


TWO = _png((0, 0, "red"), (2, 1, "green 0.8"))
BLACK = _png()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of a detector, and of a pipeline of the same and a classifier."""
    folder = tmp_path_factory.mktemp("models")
    write_square_model(folder / "squares.onnx")
    write_colour_model(folder / "colours.onnx")
    write_pipeline(read_cascade(folder / "squares.onnx", folder / "colours.onnx"), folder / "both.toml")
    with served(f"squares={folder / 'squares.onnx'}", f"both={folder / 'both.toml'}") as at:
        yield at


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as one:
        yield one


def _ask(client: httpx.Client, photo: bytes, **asked: object) -> dict[str, Any]:
    answer = client.post("/predict", content=photo, params=asked)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    (said,) = answer.json()["predictions"]
    return dict(said)


def test_boxes_are_shares_of_the_photo_from_its_top_left_corner(client: httpx.Client) -> None:
    said = _ask(client, TWO)
    red, green = said["boxes"]
    assert (red["label"], green["label"]) == ("red", "green")
    assert [red[side] for side in ("x", "y", "width", "height")] == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert [green[side] for side in ("x", "y")] == pytest.approx([2 / 3, 1 / 2])
    assert green["confidence"] == pytest.approx(0.64, abs=0.01)
    assert green["confidence"] == green["detector_score"]
    assert said["label"] == said["top1"] == "red"
    assert said["confidence"] == red["confidence"]


def test_a_photo_without_boxes_is_blank(client: httpx.Client) -> None:
    said = _ask(client, BLACK)
    assert (said["status"], said["boxes"], said["label"], said["confidence"]) == ("blank", [], None, None)


def test_a_threshold_leaves_boxes_out(client: httpx.Client) -> None:
    assert [box["label"] for box in _ask(client, TWO, threshold=0.9)["boxes"]] == ["red"]


def test_a_threshold_below_what_is_kept_is_refused(client: httpx.Client) -> None:
    answer = client.post("/predict", content=TWO, params={"threshold": 0.01})
    assert answer.status_code == 422
    assert "0.1" in answer.json()["error"]


def test_a_pipeline_names_what_the_detector_found(client: httpx.Client) -> None:
    said = _ask(client, TWO, model="both", top_k=2)
    labels = [box["top1"] for box in said["boxes"]]
    assert labels == ["red", "green"]
    for box in said["boxes"]:
        assert box["confidence"] == pytest.approx(box["probabilities"][0]["probability"])
        assert len(box["probabilities"]) == 2


def test_failures_keep_no_boxes_from_the_others(client: httpx.Client) -> None:
    files = [("file", ("a.png", b"none")), ("file", ("b.png", TWO)), ("file", ("c.png", BLACK))]
    said = client.post("/predict", files=files).json()["predictions"]
    assert [one["status"] for one in said] == ["failed", "ok", "blank"]
    assert said[0]["boxes"] is None


@pytest.mark.parametrize(
    ("name", "sent", "told"),
    [("squares", [BLACK, TWO, TWO], [1, 1, 2, 2]), ("both", [TWO, TWO], [0, 0, 1, 1])],
)
def test_the_protocol_tells_which_photo_each_box_is_in(
    url: str, name: str, sent: list[bytes], told: list[int]
) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        photos = triton.InferInput("image", [len(sent)], "BYTES")
        photos.set_data_from_numpy(np.array(sent, dtype=np.object_))
        said = client.infer(name, [photos])
        assert said.as_numpy("photos").tolist() == told
        assert said.as_numpy("boxes").shape == (4, 4)
        assert said.as_numpy("scores").shape == (4,)
        assert said.as_numpy("labels").shape == (4,)
        count, classes = said.as_numpy("probabilities").shape
        assert count == 4
        shapes = {one["name"]: one["shape"] for one in client.get_model_metadata(name)["outputs"]}
        assert shapes["probabilities"] == [-1, classes]


def test_photos_without_boxes_have_empty_tensors(url: str) -> None:
    body = {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": [_text(BLACK)]}]}
    answer = httpx.post(f"{url}/v2/models/squares/infer", json=body).json()
    assert {one["name"]: one["shape"] for one in answer["outputs"]} == {
        "boxes": [0, 4],
        "scores": [0],
        "labels": [0],
        "probabilities": [0, 2],
        "photos": [0],
    }


def test_a_detectors_own_tensor_goes_by_another_name_than_its_boxes(url: str) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        said = client.get_model_metadata("squares")
        assert [one["name"] for one in said["inputs"]] == ["image", "pixels"]
        assert said["outputs"][-1]["name"] == "raw"
        shape = [2, *said["inputs"][1]["shape"][1:]]
        tensor = triton.InferInput("pixels", shape, "UINT8")
        tensor.set_data_from_numpy(np.zeros(shape, np.uint8))
        raw = client.infer("squares", [tensor]).as_numpy("raw")
        assert raw.shape[0] == 2
        assert raw.shape[-1] == 7


def test_a_pipeline_takes_photos_alone(url: str) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        assert [one["name"] for one in client.get_model_metadata("both")["inputs"]] == ["image"]


def _text(photo: bytes) -> str:
    return base64.b64encode(photo).decode()
