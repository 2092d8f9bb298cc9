from __future__ import annotations

import pickle
from collections.abc import Callable

import httpx
import pytest

from taxolens.client.exchange import Declined, Exchange
from taxolens.client.retry import Retry
from taxolens.core.errors import NetworkError, UsageError

Answer = httpx.Response | Exception


class Scripted:
    """A server that answers by a script, and a clock that only notes."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def exchange(self, **options: object) -> Exchange:
        retry = Retry(times=3, draw=lambda: 1.0)
        transport = httpx.MockTransport(self)
        return Exchange("http://x", retry=retry, transport=transport, sleep=self.slept.append, **options)  # type: ignore[arg-type]


def busy(status: int = 503, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": "Busy."}, headers=headers)


FINE = httpx.Response(200, json={"fine": True})


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    server = Scripted(busy(status), busy(status), FINE)
    assert server.exchange().send("GET", "/").json() == {"fine": True}
    assert server.slept == [0.25, 0.5]


def test_the_server_s_own_wish_is_kept() -> None:
    server = Scripted(busy(**{"Retry-After": "4"}), FINE)
    server.exchange().send("GET", "/")
    assert server.slept[0] >= 4


def test_a_server_that_wants_too_much_patience_is_not_waited_for() -> None:
    server = Scripted(busy(**{"Retry-After": "600"}))
    with pytest.raises(NetworkError, match=r"too busy \(503\): Busy\."):
        server.exchange().send("GET", "/")
    assert server.slept == []


@pytest.mark.parametrize(
    "broken",
    [httpx.ConnectError("no route"), httpx.RemoteProtocolError("torn"), httpx.ConnectTimeout("slow")],
)
def test_a_broken_connection_is_tried_again_and_then_told(broken: Exception) -> None:
    server = Scripted(broken, FINE)
    assert server.exchange().send("GET", "/").is_success
    server = Scripted(*[broken] * 4)
    with pytest.raises(NetworkError, match="cannot be reached"):
        server.exchange().send("GET", "/")
    assert len(server.asked) == 4


def test_a_server_that_works_too_long_is_not_given_the_same_again() -> None:
    server = Scripted(httpx.ReadTimeout("slow"))
    with pytest.raises(NetworkError, match="did not answer within 7 seconds"):
        server.exchange(timeout=7).send("GET", "/")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
def test_a_no_is_final(status: int) -> None:
    server = Scripted(httpx.Response(status, json={"error": "No such model."}))
    with pytest.raises(Declined, match=rf"\({status}\): No such model\.") as caught:
        server.exchange().send("GET", "/")
    assert isinstance(caught.value, UsageError)
    assert len(server.asked) == 1
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_failing_server_is_told_and_not_tried_again() -> None:
    server = Scripted(httpx.Response(500, text="<html>"))
    with pytest.raises(NetworkError, match=r"failed \(500\): Internal Server Error"):
        server.exchange().send("GET", "/")
    assert len(server.asked) == 1


def test_what_a_server_says_cannot_command_a_terminal() -> None:
    server = Scripted(httpx.Response(404, json={"error": "\x1b[2Jgone"}))
    with pytest.raises(Declined, match=r"\?\[2Jgone"):
        server.exchange().send("GET", "/")


def test_a_key_is_shown_and_stays_out_of_errors() -> None:
    server = Scripted(httpx.Response(401, json={"error": "Wrong key."}))
    with pytest.raises(Declined) as caught:
        server.exchange(key="secret").send("GET", "/")
    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://x", "file:///etc"])
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        Exchange(url)


@pytest.mark.parametrize("server", [lambda: Scripted(httpx.ConnectError("no")), lambda: Scripted(busy())])
def test_a_status_is_asked_once(server: Callable[[], Scripted]) -> None:
    assert server().exchange().status("/") in (None, 503)
