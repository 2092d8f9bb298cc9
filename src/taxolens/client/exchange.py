"""Requests that are tried again where that is of use, and errors in one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from taxolens.client.retry import AGAIN, Retry, seconds_asked
from taxolens.core.errors import NetworkError, TaxolensError, UsageError
from taxolens.core.printable import printable
from taxolens.core.texts import noted
from taxolens.core.version import VERSION

_LONGEST_REASON = 500
_DECLINES = noted("{url} declines the request ({status}): {why}")


class Declined(UsageError):
    """The server declines a request, and would do so again.

    Attributes:
        status: of HTTP.
        reason: the server's own sentence.
    """

    def __init__(self, url: str, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(_DECLINES, url=url, status=status, why=reason)

    def __reduce__(self) -> tuple[object, ...]:
        return (Declined, (self.fields["url"], self.status, self.reason))


class Exchange:
    """One server, asked again and again. Safe to use from several threads.

    Args:
        url: of the server's root.
        key: that opens it; None: none is shown.
        timeout: seconds that a connection, and each silence while an answer is waited for, may take.
        transport: what carries requests; None: the network.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        retry: Retry | None = None,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = _root(url)
        self._timeout = timeout
        self._retry = retry or Retry()
        self._sleep = sleep
        shown = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout,
            headers={"User-Agent": f"taxolens/{VERSION}", **(headers or {}), **shown},
            transport=transport,
        )

    def close(self) -> None:
        """Lets go of all connections."""
        self._http.close()

    def status(self, path: str) -> int | None:
        """The status that a GET brings, asked once; None where nothing answers."""
        try:
            return self._http.get(path).status_code
        except httpx.HTTPError:
            return None

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer to a request; busy servers and broken connections are tried again.

        Args:
            request: as `httpx.Client.request` takes it; it must be possible to send it twice.

        Raises:
            Declined: the server says no, for a reason that another try would not change.
            NetworkError: nothing answers, it takes too long, it stays busy, or it fails.
        """
        for tried in range(1, self._retry.times + 2):
            reply, broken = self._once(method, path, request)
            if reply is not None and reply.status_code not in AGAIN:
                return self._accepted(reply)
            asked = seconds_asked(reply.headers.get("Retry-After")) if reply is not None else None
            pause = self._retry.pause(tried, asked)
            if pause is None:
                raise self._in_vain(reply, broken)
            self._sleep(pause)
        raise AssertionError("the last try has no pause")

    def _once(
        self, method: str, path: str, request: Mapping[str, Any]
    ) -> tuple[httpx.Response | None, httpx.TransportError | None]:
        try:
            return self._http.request(method, path, **request), None
        except httpx.ReadTimeout as error:
            # It has the request and works on it: to ask again would give it more to do.
            raise NetworkError(
                "{url} did not answer within {seconds:g} seconds. Allow it more, or ask about fewer photos at once.",
                url=self.url,
                seconds=self._timeout,
            ) from error
        except httpx.UnsupportedProtocol as error:
            raise _no_address(self.url) from error
        except httpx.TransportError as error:
            return None, error

    def _accepted(self, reply: httpx.Response) -> httpx.Response:
        if reply.is_success:
            return reply
        if reply.is_client_error:
            raise Declined(self.url, reply.status_code, reason_of(reply))
        raise NetworkError(
            "{url} failed ({status}): {why}", url=self.url, status=reply.status_code, why=reason_of(reply)
        )

    def _in_vain(self, reply: httpx.Response | None, broken: Exception | None) -> TaxolensError:
        if reply is None:
            return NetworkError(
                "{url} cannot be reached ({why}). Is the server running, and is the address right?",
                url=self.url,
                why=str(broken) or type(broken).__name__,
            )
        return NetworkError(
            "{url} is too busy ({status}): {why} Try again later, or allow more retries.",
            url=self.url,
            status=reply.status_code,
            why=reason_of(reply),
        )


def reason_of(reply: httpx.Response) -> str:
    """The sentence with which a server explains itself; servers of this protocol call it "error"."""
    try:
        document = reply.json()
        said = document["error"] if isinstance(document, dict) else ""
    except (ValueError, KeyError):
        said = ""
    text = said if isinstance(said, str) and said else reply.reason_phrase
    return printable(text[:_LONGEST_REASON])


def _root(url: str) -> str:
    text = url.strip().rstrip("/")
    if not text.startswith(("http://", "https://")):
        raise _no_address(url)
    return text


def _no_address(url: str) -> UsageError:
    return UsageError("{url} is no address of a server. Give one as http://localhost:8080", url=url)
