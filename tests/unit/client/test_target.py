from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import taxolens
from taxolens.client import InferenceTarget
from taxolens.client.tensors import LENGTH_HEADER
from taxolens.core.errors import ModelError, UsageError
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import ModelFile
from tests.unit.inference.colour_model import card

MODES = ("tensor", "bytes")


@pytest.mark.parametrize("mode", MODES)
def test_a_classifier_elsewhere_answers_as_it_does_here(
    url: str, colours: ModelFile, photos: list[Path], mode: str
) -> None:
    own = taxolens.load(colours.path).predict(photos, top_k=2)
    with InferenceTarget(url, "colours", card=colours.path, input_mode=mode) as target:
        assert target.ready()
        there = target.predict(photos, top_k=2)
    for said, wanted in zip(there, own, strict=True):
        assert isinstance(said, taxolens.Prediction)
        assert (said.name, said.label, said.status, said.candidates) == (
            wanted.name,
            wanted.label,
            wanted.status,
            wanted.candidates,
        )
        assert said.score == pytest.approx(wanted.score, abs=1e-6)
        assert (said.failure and said.failure.code) == (wanted.failure and wanted.failure.code)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("threshold", [None, 0.15])
def test_a_detector_elsewhere_answers_as_it_does_here(
    url: str, squares: ModelFile, photos: list[Path], mode: str, threshold: float | None
) -> None:
    own = taxolens.load(squares.path).predict(photos, threshold=threshold)
    with InferenceTarget(url, "squares", card=squares.card, input_mode=mode) as target:
        there = target.predict(photos, threshold=threshold)
    for said, wanted in zip(there, own, strict=True):
        assert said.status == wanted.status
        for one, other in zip(said.detections, wanted.detections, strict=True):
            assert one.label == other.label
            assert one.score == pytest.approx(other.score, abs=1e-5)
            assert one.distribution == pytest.approx(other.distribution, abs=1e-5)
            assert one.box.x == pytest.approx(other.box.x, abs=1e-6)


class Pretended:
    """A server of another make, with outputs of its own."""

    def __init__(self, **outputs: list[Any]) -> None:
        self.outputs = outputs
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        told = [
            {
                "name": name,
                "datatype": "FP32",
                "shape": list(np.shape(values)),
                "data": np.ravel(values).tolist(),
            }
            for name, values in self.outputs.items()
        ]
        return httpx.Response(200, text=json.dumps({"outputs": told}))

    def target(self, **options: Any) -> InferenceTarget:
        usual: dict[str, Any] = {"card": card()}
        return InferenceTarget(
            "http://x", "a model/7", transport=httpx.MockTransport(self), **{**usual, **options}
        )


def test_logits_are_read_by_the_decoder_that_is_asked_for(photos: list[Path]) -> None:
    server = Pretended(scores=[[0.0, 3.0, 0.0]])
    (answer,) = server.target(decoder="logits").predict(photos[0])
    assert isinstance(answer, taxolens.Prediction)
    assert answer.label == "green"
    assert answer.score == pytest.approx(float(np.exp(3) / (np.exp(3) + 2)))


def test_the_only_output_is_used_whatever_it_is_called_and_one_of_several_by_its_name(
    photos: list[Path],
) -> None:
    both = Pretended(features=[[1.0, 2.0]], out=[[1.0, 0.0, 0.0]])
    (answer,) = both.target(output_name="out").predict(photos[0])
    assert isinstance(answer, taxolens.Prediction)
    assert answer.label == "red"
    with pytest.raises(ModelError, match="has no output probabilities there, but features, out"):
        both.target().predict(photos[0])


def test_the_file_itself_is_what_a_server_gets_that_decodes_it(photos: list[Path]) -> None:
    server = Pretended(y=[[1.0, 0.0, 0.0]])
    server.target(input_mode="bytes", input_name="photo", version="2").predict(photos[0])
    (request,) = server.requests
    assert request.url.raw_path == b"/v2/models/a%20model%2F7/versions/2/infer"
    length = int(request.headers[LENGTH_HEADER])
    assert b'"name":"photo"' in request.content[:length]
    assert request.content[length + 4 :] == photos[0].read_bytes()


def test_boxes_of_a_server_that_stretches_photos_lie_where_they_are(
    squares: ModelFile, photos: list[Path]
) -> None:
    # One cell of the last of three grids: centre 1.5 cells, one cell wide, surely red.
    raw = np.zeros((1, 189, 7))
    raw[0, 184] = [0.5, 0.5, 0, 0, 1, 1, 0]
    server = Pretended(boxes=raw.tolist())
    (found,) = server.target(card=squares.card, input_mode="bytes").predict(photos[4])
    (one,) = found.detections  # type: ignore[union-attr]
    assert one.label == "red"
    assert (one.box.width, one.box.height) == pytest.approx((1 / 3, 1 / 3))


@pytest.mark.parametrize("scores", [[[1.0, 0.0]], [[np.nan, 0.0, 0.0]], [[5.0, 5.0, 5.0]]])
@pytest.mark.parametrize("mode", MODES)
def test_numbers_that_do_not_fit_the_card_are_told(photos: list[Path], scores: list[Any], mode: str) -> None:
    with pytest.raises(UsageError):
        Pretended(probabilities=scores).target(input_mode=mode).predict(photos[0])


def test_wishes_that_cannot_be_met_are_told(photos: list[Path], tmp_path: Path) -> None:
    server = Pretended()
    with pytest.raises(UsageError, match="input mode"):
        server.target(input_mode="pigeon")
    with pytest.raises(UsageError, match="backbone"):
        server.target(card=card(task=Task.EMBED))
    with pytest.raises(ModelError):
        server.target(card=tmp_path / "absent.onnx")
    with pytest.raises(UsageError, match="0 workers"):
        server.target().predict(photos, workers=0)


def test_a_model_that_is_not_there_is_told(url: str, colours: ModelFile, photos: list[Path]) -> None:
    with InferenceTarget(url, "nobody", card=colours.path) as target:
        assert not target.ready()
        with pytest.raises(UsageError, match="nobody"):
            target.predict(photos[0])
