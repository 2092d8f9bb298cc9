"""Lines of the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from taxolens.server.visit import Visit
from taxolens.server.visit_log import log_visit, start_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leaves the loggers as they were."""
    loggers = [logging.getLogger(name) for name in ("taxolens.server", "uvicorn", "python_multipart")]
    kept = [(one.handlers, one.propagate, one.level) for one in loggers]
    yield
    for one, (handlers, propagate, level) in zip(loggers, kept, strict=True):
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def _visit(path: str = "/predict", status: int = 200) -> Visit:
    visit = Visit.of({"method": "POST", "path": path, "headers": [(b"x-request-id", b"my-1")]})
    visit.status, visit.model, visit.version, visit.photos, visit.asker = status, "fox", "2", 3, "lab"
    return visit


def test_json_lines_hold_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs("json", "info")
    log_visit(_visit())
    line = json.loads(capsys.readouterr().err)
    assert line["level"] == "info"
    expected = {"request": "my-1", "status": 200, "model": "fox", "version": "2", "photos": 3, "asker": "lab"}
    assert expected.items() <= line.items()


def test_text_lines_cannot_be_forged(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs("text", "info")
    log_visit(_visit("/x\r\n2026 info POST /forged 200"))
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "\r" not in told


def test_routine_is_told_only_to_those_who_want_it(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs("text", "info")
    log_visit(_visit("/v2/health/ready"))
    assert not capsys.readouterr().err
    start_logs("text", "debug")
    log_visit(_visit("/v2/health/ready"))
    assert "/v2/health/ready" in capsys.readouterr().err


def test_quiet_servers_tell_errors_alone(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs("text", "error")
    log_visit(_visit(status=503))
    logging.getLogger("taxolens.server").error("it broke")
    assert capsys.readouterr().err.splitlines()[0].endswith("error it broke")
