"""Who may load and unload models."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from taxolens.server.inference_protocol import names_this_machine
from tests.unit.inference.colour_model import write_colour_model
from tests.unit.server.served import KEY, Options, served

_UNLOAD, _LOAD = "/v2/repository/models/colours/unload", "/v2/repository/models/colours/load"


@pytest.fixture(scope="module", params=[False, True], ids=["open", "keyed"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A server that every page may ask, without and with keys."""
    model = write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx")
    options = Options(origins=("*",), keyed=request.param)
    with (
        served(f"colours={model.path}", options=options) as address,
        httpx.Client(base_url=address) as client,
    ):
        if request.param:
            client.headers["x-api-key"] = KEY
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
    ],
)
def test_pages_that_may_ask_load_and_unload_with_a_key_alone(
    server: httpx.Client, headers: dict[str, str]
) -> None:
    keyed = KEY in server.headers.values()
    assert server.post("/v2/repository/index", headers=headers).status_code == 200
    for path in (_UNLOAD, _LOAD):
        assert server.post(path, headers=headers).status_code == (200 if keyed else 403)
    assert server.get("/v2/models/colours/ready").status_code == 200


def test_programs_of_this_machine_load_and_unload(server: httpx.Client) -> None:
    for path in (_UNLOAD, _LOAD):
        assert server.post(path).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:80",
        "127.0.0.1:8080",
        "127.0.0.2",
        "[::1]",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]:80",
    ],
)
def test_a_host_of_this_machine_may_be_written_in_many_ways(host: str) -> None:
    assert names_this_machine(host)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            ":80",
            "127.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example:80",
        ),
        *(
            "192.168.1.7",
            "[::2]",
            "[::1]evil.example",
            "[::1",
            "[localhost]evil",
            "127.0.0.1:80:80",
            "0.0.0.0",
        ),
    ],
)
def test_other_names_are_not_this_machine(host: str) -> None:
    assert not names_this_machine(host)


def test_programs_of_this_machine_may_name_it_as_they_like(server: httpx.Client) -> None:
    for host in ("[::1]", "LOCALHOST:80", "127.0.0.2"):
        assert server.post(_LOAD, headers={"host": host}).status_code == 200
