from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

import taxolens
from taxolens.client import Client
from taxolens.core.errors import NetworkError, UsageError
from taxolens.modelfile.read import ModelFile
from tests.unit.server.served import KEY, Options, served

PHOTO = {
    "name": "0",
    "status": "ok",
    "label": "red",
    "label_name": "red",
    "confidence": 0.9,
    "unsure": False,
    "top1": "red",
    "probabilities": [],
    "candidates": [],
    "boxes": None,
    "failure": None,
}


class Pretended:
    """A server that counts photos and refuses more than it likes."""

    def __init__(self, *, most: int = 99, bad: bytes = b"\0") -> None:
        self.most = most
        self.bad = bad
        self.batches: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        files = re.findall(rb'filename="\d+"\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n--', request.content, re.DOTALL)
        self.batches.append(len(files))
        if len(files) > self.most:
            return httpx.Response(413, json={"error": "Too many."})
        if files == [self.bad]:
            return httpx.Response(415, json={"error": "No image."})
        model = {"name": "m", "version": "1", "sha256": "0" * 64}
        return httpx.Response(
            200, json={"model": model, "predictions": [self._photo(file) for file in files]}
        )

    def _photo(self, file: bytes) -> dict[str, Any]:
        if file != self.bad:
            return PHOTO
        failure = {"code": "not_an_image", "reason": "No image."}
        return {**PHOTO, "status": "failed", "label": None, "confidence": None, "failure": failure}

    def client(self, **options: Any) -> Client:
        return Client("http://x", transport=httpx.MockTransport(self), sleep=lambda seconds: None, **options)


def test_many_photos_go_in_requests_of_the_size_that_was_asked_for() -> None:
    server = Pretended()
    answers = server.client(batch=3).predict([b"a"] * 8)
    assert server.batches == [3, 3, 2]
    assert [answer.name for answer in answers] == [str(number) for number in range(8)]


def test_large_photos_go_in_smaller_requests() -> None:
    server = Pretended()
    server.client(batch_bytes=25).predict([b"x" * 10, b"x" * 10, b"x" * 10, b"x" * 100, b"x"])
    assert server.batches == [2, 1, 1, 1]


def test_a_server_that_takes_fewer_photos_gets_fewer() -> None:
    server = Pretended(most=2)
    assert len(server.client().predict([b"a"] * 7)) == 7
    assert sum(count for count in server.batches if count <= 2) == 7


def test_a_bad_photo_is_a_result_alone_and_among_others() -> None:
    server = Pretended(bad=b"bad")
    (alone,) = server.client().predict(b"bad")
    among = server.client().predict([b"good", b"bad"])[1]
    for answer in (alone, among):
        assert answer.status == "failed"
        assert answer.failure is not None
        assert answer.failure.code == "not_an_image"
        assert (answer.label, answer.confidence) == ("", 0.0)


def test_a_photo_that_no_request_can_hold_is_a_result_too() -> None:
    (answer,) = Pretended(most=0).client().predict(b"large")
    assert answer.failure is not None
    assert (answer.failure.code, answer.failure.reason) == ("too_large", "Too many.")


def test_photos_are_read_when_they_are_sent() -> None:
    server = Pretended()
    answers = server.client(batch=2).each(iter([b"a", b"b", b"c"]))
    next(answers)
    assert server.batches == [2]


@pytest.mark.parametrize(
    "said", ["<html>", "{}", '{"model": {"name": "m", "version": "1", "sha256": ""}, "predictions": []}']
)
def test_what_is_no_answer_of_ours_is_told(said: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=said))
    with pytest.raises(NetworkError, match="not what a model server of Taxolens would say"):
        Client("http://x", transport=transport).predict(b"a")


def test_fields_of_later_versions_do_no_harm() -> None:
    later = {
        "model": {"name": "m", "version": "1", "sha256": "", "new": 1},
        "predictions": [{**PHOTO, "new": 1}],
        "new": {},
    }
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=json.dumps(later)))
    assert Client("http://x", transport=transport).predict(b"a")[0].label == "red"


def test_fewer_than_one_photo_at_once_cannot_be() -> None:
    with pytest.raises(UsageError, match="0 photos at once"):
        Client("http://x", batch=0)


def test_a_classifier_answers_as_it_does_here(url: str, colours: ModelFile, photos: list[Path]) -> None:
    with Client(url) as server:
        there = server.predict(photos, model="colours", top_k=3)
    for said, own in zip(there, taxolens.load(colours.path).predict(photos, top_k=3), strict=True):
        assert (said.name, said.label, said.top1, said.status) == (own.name, own.label, own.top1, own.status)
        assert said.confidence == pytest.approx(own.score, abs=1e-6)
        assert said.candidates == own.candidates
        assert [(one.label, round(one.probability, 5)) for one in said.probabilities] == [
            (one.label, round(one.score, 5)) for one in own.ranking
        ]
        assert (said.failure and said.failure.code) == (own.failure and own.failure.code)
        assert said.failure or said.sha256 == colours.sha256


def test_a_detector_answers_as_it_does_here(url: str, squares: ModelFile, photos: list[Path]) -> None:
    with Client(url) as server:
        there = server.predict(photos, model="squares", threshold=0.2)
    for said, own in zip(there, taxolens.load(squares.path).predict(photos, threshold=0.2), strict=True):
        assert said.status == own.status
        boxes = said.boxes or ()
        assert len(boxes) == len(own.detections)
        for box, detection in zip(boxes, own.detections, strict=True):
            assert box.label == detection.label
            assert box.detector_score == pytest.approx(detection.score, abs=1e-6)
            assert (box.x, box.width) == pytest.approx((detection.box.x, detection.box.width), abs=1e-6)


def test_arrays_and_bytes_are_answered_like_their_files(url: str, photos: list[Path]) -> None:
    red = photos[0]
    with Client(url) as server:
        answers = server.predict([red, red.read_bytes(), np.asarray(Image.open(red))], model="colours")
    assert [answer.name for answer in answers] == [str(red), "1", "2"]
    assert len({round(answer.confidence, 6) for answer in answers}) == 1


def test_a_server_tells_what_it_serves(url: str) -> None:
    with Client(url) as server:
        assert server.ready()
        told = {model.name: (model.kind, model.labels) for model in server.models()}
    assert told["colours"] == ("classify", ("red", "green", "nothing"))
    assert told["squares"] == ("detect", ("red", "green"))


def test_wishes_that_cannot_be_met_are_told(url: str) -> None:
    with Client(url) as server:
        with pytest.raises(UsageError, match="nobody"):
            server.predict(b"a", model="nobody")
        with pytest.raises(UsageError, match="threshold"):
            server.predict(b"a", threshold=7)


def test_no_server_is_not_ready_and_cannot_be_asked() -> None:
    with Client("http://127.0.0.1:1", retries=0) as server:
        assert not server.ready()
        with pytest.raises(NetworkError, match="Is the server running"):
            server.models()


def test_a_key_opens_a_server_that_asks_for_one(colours: ModelFile, photos: list[Path]) -> None:
    with served(colours.path, options=Options(keyed=True)) as url:
        with Client(url, key=KEY) as server:
            assert server.predict(photos[0])[0].label == "red"
        with Client(url, "wrong") as server, pytest.raises(UsageError, match="401"):
            server.predict(photos[0])


def test_a_queue_that_is_full_is_waited_for(colours: ModelFile, photos: list[Path]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    options = Options(delay=0.1, max_queue=1)
    with (
        served(colours.path, options=options) as url,
        Client(url, retries=12) as server,
        ThreadPoolExecutor(6) as crowd,
    ):
        answers = list(crowd.map(lambda photo: server.predict(photo)[0], [photos[0]] * 12))
    assert {answer.label for answer in answers} == {"red"}
