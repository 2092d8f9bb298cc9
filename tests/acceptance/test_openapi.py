"""The OpenAPI document held against the server itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from tests.acceptance.serving import Server

# What is made up is rarely a photo, and no model is called so.
_REFUSED = ["2xx", 400, 403, 404, 413, 415, 422]


@pytest.fixture(scope="module")
def server(trained: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, whose models the examples may unload."""
    log = tmp_path_factory.mktemp("openapi") / "log.txt"
    with Server(f"stripes={trained / 'model.onnx'}", home=home, log=log) as running:
        yield running


@pytest.fixture(scope="module")
def document(server: Server) -> Any:
    """The document, as a source of requests."""
    checks = {"positive_data_acceptance": {"expected-statuses": _REFUSED}}
    config = SchemathesisConfig.from_dict({"checks": checks})
    return schemathesis.openapi.from_url(f"{server.address}/openapi.json", config=config)


def ask_made_up(document: Any, examples: int) -> int:
    """Holds made-up requests of every operation, fitting and unfitting ones, against what is described.

    Returns:
        how many were sent.
    """
    sent = 0
    for operation in (one.ok() for one in document.get_all_operations()):
        for mode in GenerationMode:

            @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal sent
                sent += 1
                case.call_and_validate(timeout=60)

            # Where nothing can be sent that does not fit, there is nothing to try.
            with contextlib.suppress(Unsatisfiable):
                ask()
    return sent


def test_a_few_made_up_requests_are_answered_as_described(document: Any) -> None:
    assert ask_made_up(document, examples=2) > 16


@pytest.mark.slow
def test_hundreds_of_made_up_requests_are_answered_as_described(document: Any) -> None:
    assert ask_made_up(document, examples=40) >= 500


def test_its_examples_are_answered(server: Server) -> None:
    with server.client() as client:
        described = client.get("/openapi.json").json()["paths"]
        photo = described["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
        asked = described["/v2/models/{name}/infer"]["post"]["requestBody"]["content"]["application/json"]
        answers = [client.post("/predict", json=one["value"]) for one in photo.values()]
        answers.append(client.post("/v2/models/stripes/infer", json=asked["example"]))
        assert [one.status_code for one in answers] == [200] * 3
