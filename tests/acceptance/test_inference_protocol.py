"""The Open Inference Protocol v2, held against tritonclient as it is published."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.acceptance.serving import Server

CLASSES = [b"across", b"down", b"slanted"]


@pytest.fixture(scope="module")
def server(trained: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of one model, "stripes"."""
    log = tmp_path_factory.mktemp("protocol") / "log.txt"
    with Server(f"stripes={trained / 'model.onnx'}", home=home, log=log) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Any]:
    """The client of Triton."""
    with triton.InferenceServerClient(server.address.removeprefix("http://")) as one:
        yield one


@pytest.fixture(scope="module")
def photos(class_folders: Path) -> list[bytes]:
    """A JPEG of every class."""
    return [(class_folders / name / f"{name}_002.jpg").read_bytes() for name in ("across", "down", "slanted")]


def photo_input(photos: list[bytes], *, binary: bool, column: bool = False) -> Any:
    """Encoded photos as the input "image"."""
    shape = [len(photos), 1] if column else [len(photos)]
    data = photos if binary else [base64.b64encode(photo) for photo in photos]
    made = triton.InferInput("image", shape, "BYTES")
    made.set_data_from_numpy(np.array(data, dtype=np.object_).reshape(shape), binary_data=binary)
    return made


def tensor_input(
    values: np.ndarray[Any, Any], datatype: str, *, name: str = "pixels", binary: bool = True
) -> Any:
    """A tensor as the graph takes it."""
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


class TestAbout:
    """What the server and its models say of themselves."""

    def test_health(self, client: Any) -> None:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("stripes")
        assert client.is_model_ready("stripes", "1")
        assert not client.is_model_ready("stripes", "99")
        assert not client.is_model_ready("nobody")

    def test_the_server_names_its_extensions(self, client: Any) -> None:
        said = client.get_server_metadata()
        assert said["name"] == "taxolens"
        assert set(said["extensions"]) == {"binary_tensor_data", "classification", "model_repository"}

    @pytest.mark.parametrize("version", ["", "1"])
    def test_a_model_tells_both_ways_to_ask(self, client: Any, version: str) -> None:
        said = client.get_model_metadata("stripes", version)
        assert said["inputs"] == [
            {"name": "image", "datatype": "BYTES", "shape": [-1]},
            {"name": "pixels", "datatype": "UINT8", "shape": [-1, 96, 96, 3]},
        ]
        assert said["outputs"] == [
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
        ]
        assert "1" in said["versions"]


class TestInfer:
    """Photos and tensors, in JSON and in bytes."""

    @pytest.mark.parametrize("binary_in", [True, False])
    @pytest.mark.parametrize("binary_out", [True, False])
    @pytest.mark.parametrize("column", [True, False])
    def test_photos_alone_and_in_a_batch(
        self, client: Any, photos: list[bytes], binary_in: bool, binary_out: bool, column: bool
    ) -> None:
        outputs = [
            triton.InferRequestedOutput("probabilities", binary_data=binary_out),
            triton.InferRequestedOutput("label", binary_data=binary_out),
        ]
        alone = client.infer(
            "stripes", [photo_input(photos[:1], binary=binary_in, column=column)], outputs=outputs
        )
        batch = client.infer(
            "stripes", [photo_input(photos, binary=binary_in, column=column)], outputs=outputs
        )
        assert alone.as_numpy("probabilities").shape == (1, 3)
        probabilities = batch.as_numpy("probabilities")
        assert probabilities.argmax(axis=1).tolist() == [0, 1, 2]
        assert np.array_equal(probabilities[:1], alone.as_numpy("probabilities"))
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert set(batch.as_numpy("label")) <= {
            *CLASSES,
            b"unsure",
            *(one.decode() for one in CLASSES),
            "unsure",
        }

    def test_without_a_wish_all_outputs_come(self, client: Any, photos: list[bytes]) -> None:
        said = client.infer("stripes", [photo_input(photos, binary=True)], request_id="seven").get_response()
        assert said["id"] == "seven"
        assert (said["model_name"], said["model_version"]) == ("stripes", "1")
        assert [one["name"] for one in said["outputs"]] == ["probabilities", "label"]

    def test_only_what_is_wished_comes(self, client: Any, photos: list[bytes]) -> None:
        outputs = [triton.InferRequestedOutput("label", binary_data=False)]
        said = client.infer("stripes", [photo_input(photos, binary=True)], outputs=outputs).get_response()
        assert [one["name"] for one in said["outputs"]] == ["label"]
        assert "id" not in said

    def test_classes_come_as_texts_where_asked_for(self, client: Any, photos: list[bytes]) -> None:
        outputs = [triton.InferRequestedOutput("probabilities", class_count=2)]
        said = client.infer("stripes", [photo_input(photos, binary=True)], outputs=outputs)
        best = said.as_numpy("probabilities")
        assert best.shape == (3, 2)
        score, index, label = best[1, 0].split(b":")
        assert (index, label) == (b"1", b"down")
        assert 0.3 < float(score) <= 1

    @pytest.mark.parametrize("binary", [True, False])
    @pytest.mark.parametrize("name", ["pixels", "image"])
    def test_tensors(self, client: Any, binary: bool, name: str) -> None:
        grey = np.full((2, 96, 96, 3), 99, np.uint8)
        grey[1, :, ::7] = 240
        said = client.infer(
            "stripes", [tensor_input(grey, "UINT8", name=name, binary=binary)], model_version="1"
        )
        rows = said.as_numpy("probabilities")
        assert rows.shape == (2, 3)
        assert not np.array_equal(rows[0], rows[1])

    def test_a_photo_by_itself_is_a_request_too(self, server: Server, photos: list[bytes]) -> None:
        answer = httpx.post(
            f"{server.address}/v2/models/stripes/infer",
            content=photos[2],
            headers={"inference-header-content-length": "0", "content-type": "application/octet-stream"},
        )
        assert answer.status_code == 200
        assert int(np.argmax(answer.json()["outputs"][0]["data"])) == 2

    def test_the_threshold_counts(self, client: Any, photos: list[bytes]) -> None:
        said = client.infer("stripes", [photo_input(photos, binary=True)], parameters={"threshold": 1.0})
        assert set(said.as_numpy("label")) == {b"unsure"}


def _gray(shape: tuple[int, ...], kind: type = np.uint8) -> np.ndarray[Any, Any]:
    return np.zeros(shape, kind)


Asking = Callable[[Any, list[bytes]], Any]
WRONG: dict[str, tuple[str, Asking]] = {
    "unknown model": ("404", lambda c, p: c.infer("nobody", [photo_input(p, binary=True)])),
    "unknown version": (
        "404",
        lambda c, p: c.infer("stripes", [photo_input(p, binary=True)], model_version="77"),
    ),
    "unknown metadata": ("404", lambda c, p: c.get_model_metadata("nobody")),
    "unknown input": (
        "400",
        lambda c, p: c.infer("stripes", [tensor_input(_gray((1, 96, 96, 3)), "UINT8", name="x")]),
    ),
    "two inputs": (
        "400",
        lambda c, p: c.infer(
            "stripes", [photo_input(p, binary=True), tensor_input(_gray((1, 96, 96, 3)), "UINT8")]
        ),
    ),
    "unknown output": (
        "400",
        lambda c, p: c.infer(
            "stripes", [photo_input(p, binary=True)], outputs=[triton.InferRequestedOutput("x")]
        ),
    ),
    "wrong shape": ("400", lambda c, p: c.infer("stripes", [tensor_input(_gray((1, 95, 96, 3)), "UINT8")])),
    "one axis too few": ("400", lambda c, p: c.infer("stripes", [tensor_input(_gray((96, 96, 3)), "UINT8")])),
    "no photos": ("400", lambda c, p: c.infer("stripes", [tensor_input(_gray((0, 96, 96, 3)), "UINT8")])),
    "wrong datatype": (
        "400",
        lambda c, p: c.infer("stripes", [tensor_input(_gray((1, 96, 96, 3), np.float32), "FP32")]),
    ),
    "no photo": ("400", lambda c, p: c.infer("stripes", [photo_input([b"none"], binary=True)])),
    "no base64": ("400", lambda c, p: c.infer("stripes", [_texts(["%%%"])])),
    "one bad photo": ("400", lambda c, p: c.infer("stripes", [photo_input([*p, b"none"], binary=True)])),
    "too many photos": ("413", lambda c, p: c.infer("stripes", [photo_input(p * 11, binary=True)])),
    "classes of no classes": (
        "400",
        lambda c, p: c.infer(
            "stripes",
            [photo_input(p, binary=True)],
            outputs=[triton.InferRequestedOutput("label", class_count=2)],
        ),
    ),
    "compressed": (
        "400",
        lambda c, p: c.infer("stripes", [photo_input(p, binary=True)], request_compression_algorithm="gzip"),
    ),
    "unknown to load": ("404", lambda c, p: c.load_model("nobody")),
    "unknown to unload": ("404", lambda c, p: c.unload_model("nobody")),
    "a model with the request": ("400", lambda c, p: c.load_model("stripes", config="{}")),
}


def _texts(values: list[str]) -> Any:
    made = triton.InferInput("image", [len(values)], "BYTES")
    made.set_data_from_numpy(np.array(values, dtype=np.object_), binary_data=False)
    return made


@pytest.mark.parametrize("case", WRONG)
def test_errors_have_a_status_and_a_sentence(client: Any, photos: list[bytes], case: str) -> None:
    status, asking = WRONG[case]
    with pytest.raises(InferenceServerException) as refused:
        asking(client, photos)
    assert refused.value.status() == status
    assert refused.value.message().endswith(".")


RAW = {
    "no JSON": (b"{", {}),
    "no object": (b"[]", {}),
    "no inputs": (b"{}", {}),
    "inputs that are none": (b'{"inputs": {"name": "image"}}', {}),
    "a number of bytes that is none": (b"{}", {"inference-header-content-length": "x"}),
    "more bytes than were sent": (b"{}", {"inference-header-content-length": "3"}),
    "data cut short": (
        b'{"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":9}}]}abc',
        {"inference-header-content-length": "95"},
    ),
    "a shape of words": (b'{"inputs":[{"name":"image","shape":["a"],"datatype":"BYTES","data":["a"]}]}', {}),
    "a huge shape": (
        b'{"inputs":[{"name":"pixels","shape":[99999,99999,99999],"datatype":"UINT8","data":[1]}]}',
        {},
    ),
    "a shape of nothing and too much": (
        b'{"inputs":[{"name":"pixels","shape":[0,' + b"9" * 40 + b'],"datatype":"UINT8","data":[]}]}',
        {},
    ),
    "a number of bytes that is endless": (b"{}", {"inference-header-content-length": "9" * 5000}),
    "a threshold that is endless": (
        b'{"parameters":{"threshold":1'
        + b"0" * 400
        + b'},"inputs":[{"name":"image","shape":[1],"datatype":"BYTES",'
        b'"data":["aaaa"]}]}',
        {},
    ),
    "texts of which numpy would make gigabytes": (
        b'{"inputs":[{"name":"pixels","shape":[1],"datatype":"UINT8","data":["'
        + b"a" * 100_000
        + b'"'
        + b',""' * 100_000
        + b"]}]}",
        {},
    ),
    "an unknown datatype": (b'{"inputs":[{"name":"image","shape":[1],"datatype":"PNG","data":["a"]}]}', {}),
    "numbers out of range": (
        b'{"inputs":[{"name":"pixels","shape":[1],"datatype":"UINT8","data":[256]}]}',
        {},
    ),
    "fractions of whole numbers": (
        b'{"inputs":[{"name":"pixels","shape":[1],"datatype":"UINT8","data":[0.5]}]}',
        {},
    ),
    "words as numbers": (b'{"inputs":[{"name":"pixels","shape":[1],"datatype":"FP32","data":["a"]}]}', {}),
    "a wrong id": (
        b'{"id":7,"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aaaa"]}]}',
        {},
    ),
    "shared memory": (
        b'{"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","parameters":{"shared_memory_region":"x"}}]}',
        {},
    ),
}


@pytest.mark.parametrize("case", RAW)
def test_requests_that_are_none_are_refused_in_a_sentence(server: Server, case: str) -> None:
    body, headers = RAW[case]
    answer = httpx.post(f"{server.address}/v2/models/stripes/infer", content=body, headers=headers)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


def test_too_many_numbers_are_refused_however_their_length_is_told(server: Server) -> None:
    body = b'{"inputs":[' + b"[" * 5_000_001
    url = f"{server.address}/v2/models/stripes/infer"
    for headers in ({}, {"inference-header-content-length": str(len(body))}):
        assert httpx.post(url, content=body, headers=headers).status_code == 413


class TestRepository:
    """Loading and unloading; last, as others ask the same server."""

    def test_the_index_lists_versions(self, client: Any) -> None:
        (listed,) = client.get_model_repository_index()
        assert (listed["name"], listed["state"]) == ("stripes", "READY")

    def test_a_model_goes_and_comes_back(self, client: Any, photos: list[bytes]) -> None:
        client.unload_model("stripes")
        assert not client.is_model_ready("stripes")
        with pytest.raises(InferenceServerException) as refused:
            client.infer("stripes", [photo_input(photos, binary=True)])
        assert refused.value.status() == "503"
        client.load_model("stripes")
        assert client.is_model_ready("stripes")
        said = client.infer("stripes", [photo_input(photos, binary=True)])
        assert said.get_response()["model_version"] == "2"

    @pytest.mark.parametrize("headers", [{"host": "attacker.example"}, {"x-forwarded-for": "192.0.2.7"}])
    def test_other_machines_may_not(self, server: Server, headers: dict[str, str]) -> None:
        answer = httpx.post(f"{server.address}/v2/repository/models/stripes/unload", headers=headers)
        assert answer.status_code == 403
        assert list(answer.json()) == ["error"]

    def test_what_is_asked_of_it_is_short(self, server: Server) -> None:
        index = f"{server.address}/v2/repository/index"
        assert httpx.post(index, content=b'{"x":"' + b"a" * 200_000 + b'"}').status_code == 413
