"""`taxolens serve` as a process, asked over HTTP."""

from __future__ import annotations

import base64
import io
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.conftest import TAXOLENS, Command
from tests.acceptance.serving import Server

KEY = "wxyz0123456789abcdef"


@pytest.fixture(scope="module")
def server(trained: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of one model, "stripes"."""
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    arguments = (f"stripes={trained / 'model.onnx'}", "--alias", "champion=stripes", "--log", "json")
    with Server(*arguments, home=home, log=log) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """What asks the server."""
    with server.client() as one:
        yield one


@pytest.fixture(scope="module")
def photo(class_folders: Path) -> bytes:
    """A JPEG of the class "across"."""
    return (class_folders / "across" / "across_003.jpg").read_bytes()


def sentence_of(answer: httpx.Response) -> str:
    """The one sentence of an error."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    (told,) = answer.json().items()
    assert told[0] == "error"
    assert told[1].endswith((".", "."))
    return str(told[1])


class TestPhotos:
    """POST /predict."""

    def test_the_ways_to_send_a_photo_get_one_answer(self, client: httpx.Client, photo: bytes) -> None:
        text = base64.b64encode(photo).decode()
        answers = [
            client.post("/predict", files={"file": ("a.jpg", photo)}),
            client.post("/predict", content=photo, headers={"content-type": "image/jpeg"}),
            client.post("/predict", content=photo),
            client.post("/predict", json={"image": text}),
            client.post("/predict", json={"image": f"data:image/jpeg;base64,{text}"}),
            client.post("/predict", json={"images": [text]}),
        ]
        said = [answer.json()["predictions"][0] for answer in answers]
        assert {answer.status_code for answer in answers} == {200}
        assert {one["top1"] for one in said} == {"across"}
        assert len({json.dumps(one["probabilities"]) for one in said}) == 1
        assert said[0]["name"] == "a.jpg"
        assert said[0]["boxes"] is None

    def test_the_answer_is_that_of_identify(
        self, client: httpx.Client, photo: bytes, trained: Path, tmp_path: Path, taxolens: Command
    ) -> None:
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "a.jpg").write_bytes(photo)
        table = tmp_path / "out.csv"
        outcome = taxolens("identify", tmp_path / "photos", "--model", trained / "model.onnx", "--out", table)
        assert outcome.code == 0
        row = table.read_text(encoding="utf-8").splitlines()[1]
        said = client.post("/predict", content=photo).json()["predictions"][0]
        assert said["label"] in row
        assert f"{said['confidence']:.6f}" in row

    def test_a_nested_list_is_a_photo(self, client: httpx.Client, photo: bytes) -> None:
        pixels = np.asarray(Image.open(io.BytesIO(photo)).convert("RGB"))
        bytes_said = client.post("/predict", json={"data": pixels.tolist()}).json()["predictions"][0]
        shares_said = client.post("/predict", json={"image": (pixels / 255).tolist()}).json()["predictions"][
            0
        ]
        assert bytes_said["probabilities"] == shares_said["probabilities"]
        assert bytes_said["top1"] == "across"

    def test_several_photos_are_answered_in_their_order(
        self, client: httpx.Client, class_folders: Path
    ) -> None:
        names = ["across/across_001.jpg", "down/down_001.jpg", "slanted/slanted_001.jpg"]
        files = [("file", (name, (class_folders / name).read_bytes())) for name in names]
        said = client.post("/predict", files=files).json()["predictions"]
        assert [one["name"] for one in said] == names
        assert [one["top1"] for one in said] == ["across", "down", "slanted"]

    def test_one_bad_photo_among_several_has_a_failure(self, client: httpx.Client, photo: bytes) -> None:
        answer = client.post("/predict", files=[("file", ("a.jpg", photo)), ("file", ("b.jpg", b"no photo"))])
        good, bad = answer.json()["predictions"]
        assert answer.status_code == 200
        assert good["failure"] is None
        assert bad["status"] == "failed"
        assert bad["failure"]["code"] == "not_an_image"

    def test_the_wishes_count(self, client: httpx.Client, photo: bytes) -> None:
        asked = {"top_k": 2, "threshold": 1.0, "model": "champion", "version": "1"}
        answer = client.post("/predict", params=asked, content=photo).json()
        said = answer["predictions"][0]
        assert answer["model"]["name"] == "stripes"
        assert len(said["probabilities"]) == 2
        assert said["unsure"]
        assert said["label"] == "unsure"

    def test_errors_are_told_in_the_language_of_the_reader(self, client: httpx.Client) -> None:
        headers = {"accept-language": "de, fr;q=0.9, en;q=0.1"}
        assert "image" in sentence_of(client.post("/predict", content=b"nothing", headers=headers))
        assert "Ce" in sentence_of(client.post("/predict", content=b"nothing", headers=headers))

    def test_a_request_keeps_its_id(self, client: httpx.Client, photo: bytes) -> None:
        answer = client.post("/predict", content=photo, headers={"x-request-id": "my-7"})
        assert answer.headers["x-request-id"] == "my-7"
        other = client.post("/predict", content=photo, headers={"x-request-id": "a b\tc"})
        assert other.headers["x-request-id"] != "a b\tc"

    def test_models_tell_what_they_are(self, client: httpx.Client) -> None:
        (listed,) = client.get("/models").json()["models"]
        alone = client.get("/models/champion").json()
        assert listed == alone
        assert [one["label"] for one in listed["classes"]] == ["across", "down", "slanted"]
        assert listed["aliases"] == ["champion"]


def _bomb() -> bytes:
    """A PNG that announces 60,000 pixels a side in 70 bytes."""
    small = io.BytesIO()
    Image.new("1", (1, 1)).save(small, "PNG")
    raw = bytearray(small.getvalue())
    raw[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    raw[29:33] = zlib.crc32(bytes(raw[12:29])).to_bytes(4, "big")
    return bytes(raw)


BAD = {
    "no image": (b"GIF? no", {}, 415),
    "a bomb": (_bomb(), {}, 413),
    "zero bytes": (b"", {}, 422),
    "half a photo": (None, {}, 422),
    "text as a form": (b"nonsense", {"content-type": "multipart/form-data; boundary=x"}, 400),
    "a form without boundary": (b"--x", {"content-type": "multipart/form-data"}, 400),
    "another kind": (b"<a/>", {"content-type": "text/xml"}, 415),
    "broken JSON": (b'{"image": ', {"content-type": "application/json"}, 400),
    "JSON without a photo": (b'{"photo": 1}', {"content-type": "application/json"}, 422),
    "no base64": (b'{"image": "%%%"}', {"content-type": "application/json"}, 422),
    "uneven rows": (b'{"data": [[[1,2,3]],[[1,2]]]}', {"content-type": "application/json"}, 422),
    "no colours": (b'{"data": [[[1,2,300]]]}', {"content-type": "application/json"}, 422),
    "deep lists": (
        b'{"data": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        {"content-type": "application/json"},
        400,
    ),
    "too many numbers": (
        b'{"data": [[' + b"0," * 5_000_001 + b"0]]}",
        {"content-type": "application/json"},
        413,
    ),
    "compressed": (b"\x1f\x8b", {"content-encoding": "gzip"}, 415),
}


class TestBadInput:
    """Whatever is sent, the answer is a status and a sentence, and the server goes on."""

    @pytest.mark.parametrize("case", BAD)
    def test_it_is_refused_in_a_sentence(self, client: httpx.Client, photo: bytes, case: str) -> None:
        body, headers, status = BAD[case]
        answer = client.post("/predict", content=photo[:900] if body is None else body, headers=headers)
        assert answer.status_code == status
        sentence_of(answer)
        assert client.post("/predict", content=photo).status_code == 200

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({"model": "nobody"}, 404),
            ({"version": "99"}, 404),
            ({"top_k": "0"}, 422),
            ({"threshold": "2"}, 422),
            ({"threshold": "x"}, 422),
            ({"lang": "../../etc"}, 422),
            ({"topk": "3"}, 422),
        ],
    )
    def test_wishes_that_cannot_be_meant(
        self, client: httpx.Client, photo: bytes, asked: dict[str, str], status: int
    ) -> None:
        answer = client.post("/predict", params=asked, content=photo)
        assert answer.status_code == status
        sentence_of(answer)

    def test_too_many_photos(self, client: httpx.Client) -> None:
        answer = client.post("/predict", files=[("file", (f"{n}.jpg", b"x")) for n in range(33)])
        assert answer.status_code == 413
        assert "33" in sentence_of(answer)

    def test_a_body_of_300_megabytes_is_refused_before_it_is_read(self, client: httpx.Client) -> None:
        megabyte = b"\0" * 1_000_000
        announced = client.post("/predict", content=megabyte * 300)
        counted = client.post("/predict", content=(megabyte for _ in range(300)))
        for answer in (announced, counted):
            assert answer.status_code == 413
            assert "64 MB" in sentence_of(answer)

    @pytest.mark.parametrize(
        "path", ["/nothing", "/v2/nothing", "/v2/models/nobody", "/v2/models/nobody/ready"]
    )
    def test_what_is_not_there(self, client: httpx.Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 404
        sentence_of(answer)

    @pytest.mark.parametrize("path", ["/predict", "/v2/models/stripes/infer", "/v2/repository/index"])
    def test_the_wrong_method(self, client: httpx.Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        sentence_of(answer)

    def test_half_a_body_hurts_nobody(self, server: Server, client: httpx.Client, photo: bytes) -> None:
        with _connected(server) as connection:
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + photo[:500]
            )
        assert client.post("/predict", content=photo).status_code == 200

    def test_what_is_no_http(self, server: Server) -> None:
        with _connected(server) as connection:
            connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
            answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b'{"error":' in answer

    @pytest.mark.slow
    def test_slow_clients_are_not_waited_for(self, server: Server) -> None:
        with _connected(server) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n")
            connection.settimeout(20)
            body = connection.makefile("rb").read()
        with _connected(server) as connection:
            connection.sendall(b"POST /predict HT")
            connection.settimeout(20)
            head = connection.makefile("rb").read()
        for answer in (body, head):
            assert answer.startswith(b"HTTP/1.1 408")
            assert b'{"error":' in answer

    def test_a_page_of_someone_else_may_not_ask(self, client: httpx.Client, photo: bytes) -> None:
        headers = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
        answer = client.post("/predict", content=photo, headers=headers)
        assert answer.status_code == 403
        sentence_of(answer)
        assert "access-control-allow-origin" not in answer.headers


def _connected(server: Server) -> socket.socket:
    where = urlsplit(server.address)
    return socket.create_connection((where.hostname, where.port), timeout=10)


class _Asking:
    """Clients that ask again and again until the server takes no more connections."""

    def __init__(self, server: Server, photo: bytes) -> None:
        self._server, self._photo = server, photo
        self.outcomes: list[object] = []
        self.stop = threading.Event()

    def go_on(self, *, fresh: bool) -> None:
        """Asks over one connection, or each time over a fresh one."""
        client = self._server.client()
        while not self.stop.is_set():
            try:
                self.outcomes.append(client.post("/predict", content=self._photo).status_code)
            except httpx.ConnectError:
                break  # nothing was asked
            except httpx.HTTPError as error:
                self.outcomes.append(error)
                break
            if fresh:
                client.close()
                client = self._server.client()
        client.close()


class TestRunning:
    """The server as a process."""

    def test_it_is_ready_soon(self, server: Server) -> None:
        assert server.seconds < 20  # 2 s on a machine that is not busy with all other tests

    def test_metrics_are_those_of_prometheus(self, client: httpx.Client, photo: bytes) -> None:
        def sums() -> dict[str, float]:
            text = client.get("/metrics").text
            return {
                f"{sample.name}{sorted(sample.labels.items())}": sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }

        before = sums()
        client.post("/predict", content=photo)
        client.post("/predict", content=b"none")
        after = sums()
        good = "taxolens_requests_total[('model', 'stripes'), ('route', '/predict'), ('status', '200')]"
        bad = good.replace("'200'", "'415'")
        assert after[good] - before.get(good, 0) == 1
        assert after[bad] - before.get(bad, 0) == 1
        assert after["taxolens_workers[]"] >= 1
        assert after["taxolens_memory_bytes[]"] > 1e7
        assert after["taxolens_work_seconds_count[('model', 'stripes')]"] >= 1

    def test_the_log_has_a_line_of_json_for_every_request(self, server: Server, client: httpx.Client) -> None:
        client.post("/predict", content=b"none", headers={"x-request-id": "look-for-me"})
        deadline = time.monotonic() + 5
        while "look-for-me" not in server.log() and time.monotonic() < deadline:
            time.sleep(0.05)
        (line,) = [json.loads(one) for one in server.log().splitlines() if "look-for-me" in one]
        assert (line["method"], line["path"], line["status"]) == ("POST", "/predict", 415)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_without_losing_a_request(
        self, trained: Path, home: Path, photo: bytes, tmp_path: Path, number: int
    ) -> None:
        with Server(trained / "model.onnx", home=home, log=tmp_path / "log.txt") as server:
            asking = _Asking(server, photo)
            with ThreadPoolExecutor(8) as threads:
                for fresh in (False, True) * 4:
                    threads.submit(asking.go_on, fresh=fresh)
                time.sleep(1.0)
                code = server.stop(number)
                asking.stop.set()
        assert code == 0
        assert len(asking.outcomes) > 8
        assert set(asking.outcomes) == {200}

    def test_a_port_that_is_taken_is_told(self, server: Server, trained: Path, taxolens: Command) -> None:
        port = str(urlsplit(server.address).port)
        outcome = taxolens("serve", trained / "model.onnx", "--port", port)
        assert outcome.code == 2
        assert outcome.err.count("\n") == 1
        assert port in outcome.err

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("nowhere.onnx",), "nowhere.onnx"),
            ((), "No model"),
            (("model.onnx", "--host", "203.0.113.9"), "--host"),
            (("model.onnx", "--api-key-file", "nowhere.txt"), "nowhere.txt"),
            (("model.onnx", "--alias", "x"), "champion=NAME"),
        ],
    )
    def test_what_cannot_be_served_is_told(
        self, taxolens: Command, trained: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        outcome = taxolens("serve", *arguments, "--port", "0", cwd=trained)
        assert outcome.code == 2
        assert words in outcome.err
        assert "Traceback" not in outcome.err


@pytest.fixture(scope="module")
def keyed(trained: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for keys, and lets one page of another address ask."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "keys.txt").write_text(f"# the lab\nlab: {KEY}\n", encoding="utf-8")
    arguments = (
        f"stripes={trained / 'model.onnx'}",
        *("--api-key-file", folder / "keys.txt"),
        *("--cors", "https://lab.example"),
    )
    with Server(*arguments, home=home, log=folder / "log.txt") as running:
        yield running


class TestKeys:
    """A server that asks for keys."""

    @pytest.mark.parametrize("path", ["/models", "/metrics", "/v2/models/stripes", "/nothing"])
    def test_nothing_is_told_without_a_key(self, keyed: Server, path: str) -> None:
        with keyed.client() as client:
            for headers in ({}, {"x-api-key": "wrong" * 5}, {"authorization": f"Basic {KEY}"}):
                answer = client.get(path, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
                sentence_of(answer)

    def test_either_header_opens(self, keyed: Server, photo: bytes) -> None:
        with keyed.client() as client:
            for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
                assert client.post("/predict", content=photo, headers=headers).status_code == 200
            assert client.post("/predict", content=photo).status_code == 401
        assert "asker=lab" in keyed.log()
        assert KEY not in keyed.log()

    def test_health_is_open(self, keyed: Server) -> None:
        with keyed.client() as client:
            assert client.get("/v2/health/live").json() == {"live": True}
            assert client.get("/v2/health/ready").status_code == 200

    def test_the_page_that_is_allowed_may_ask(self, keyed: Server, photo: bytes) -> None:
        mine = {"origin": "https://lab.example", "sec-fetch-site": "cross-site", "x-api-key": KEY}
        with keyed.client() as client:
            answer = client.post("/predict", content=photo, headers=mine)
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == "https://lab.example"
            before = {
                **mine,
                "access-control-request-method": "POST",
                "access-control-request-headers": "x-api-key",
            }
            assert client.options("/predict", headers=before).status_code == 200


class TestBusy:
    """More requests than the server takes."""

    def test_who_comes_too_many_is_told_when_to_come_again(
        self, trained: Path, home: Path, photo: bytes, tmp_path: Path
    ) -> None:
        arguments = (trained / "model.onnx", "--workers", "1", "--max-queue", "0")
        with Server(*arguments, home=home, log=tmp_path / "log.txt") as server:
            with _connected(server) as first, server.client() as client:
                # A request that is received takes the only place, before any of its body has come.
                first.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
                time.sleep(0.3)
                answer = client.post("/predict", content=photo)
                assert answer.status_code == 503
                assert int(answer.headers["retry-after"]) >= 1
                sentence_of(answer)
                assert client.get("/v2/health/ready").status_code == 200
            with server.client() as client:
                for _ in range(50):
                    if client.post("/predict", content=photo).status_code == 200:
                        break
                    time.sleep(0.1)
                else:
                    pytest.fail("the place was never free again")


@pytest.mark.slow
def test_the_examples_of_the_documentation_work(
    trained: Path, home: Path, photo: bytes, tmp_path: Path
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    for name in ("photo.jpg", "other.jpg"):
        (tmp_path / name).write_bytes(photo)
    with Server(f"mammals={trained / 'model.onnx'}", home=home, log=tmp_path / "log.txt") as server:
        page = page.replace("127.0.0.1:8080", urlsplit(server.address).netloc)
        shell = [line for block in _blocks(page, "sh") for line in block.splitlines()]
        python = TAXOLENS.with_name("python")
        commands = [["bash", "-c", line.replace("curl ", "curl -sS --fail ")] for line in shell]
        commands += [[str(python), "-c", block] for block in _blocks(page, "python")]
        assert len(commands) == 6
        for command in commands:
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert "across" in done.stdout


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_an_exported_repository_is_one_of_triton(trained: Path, taxolens: Command, tmp_path: Path) -> None:
    import importlib.util

    from google.protobuf import text_format

    outcome = taxolens("serve", f"stripes={trained / 'model.onnx'}", "--export-triton", tmp_path / "triton")
    assert outcome.code == 0
    folder = tmp_path / "triton" / "stripes"
    assert (folder / "1" / "model.onnx").read_bytes() == (trained / "model.onnx").read_bytes()
    assert (folder / "labels.txt").read_text(encoding="utf-8").split() == ["across", "down", "slanted"]
    # The schema of Triton's own configuration; its package would ask for gRPC.
    import tritonclient

    place = Path(tritonclient.__path__[0]) / "grpc" / "model_config_pb2.py"
    specification = importlib.util.spec_from_file_location("model_config_pb2", place)
    assert specification is not None
    assert specification.loader is not None
    schema = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(schema)
    configuration = schema.ModelConfig()
    text_format.Parse((folder / "config.pbtxt").read_text(encoding="utf-8"), configuration)
    assert configuration.name == "stripes"
    assert list(configuration.input[0].dims) == [96, 96, 3]
    assert configuration.output[0].label_filename == "labels.txt"


def test_help_needs_no_web_framework(taxolens: Command) -> None:
    code = (
        "import sys; from taxolens.cli.main import main\n"
        "try:\n    main(['serve', '--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'fastapi', 'uvicorn', 'starlette'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [TAXOLENS.with_name("python"), "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
