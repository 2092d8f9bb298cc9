"""One request and what became of it, from its first byte to its last."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from taxolens.core.texts import Say
from taxolens.languages.translate import is_known, known_language, translator

Scope = MutableMapping[str, Any]

_KEPT = "taxolens.visit"
_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


@dataclass(slots=True)
class Visit:
    """One request.

    Attributes:
        id: the asker's own, where it gave a sane one, else one of ours.
        method: of HTTP.
        path: without the query.
        headers: lower case, of several with one name the last.
        language: in which errors are told.
        started: seconds, as `time.perf_counter` counts.
        asker: whose key was given; empty where none is asked for.
        strange: its key, where one is asked for, is in its body still.
        model: that answered.
        version: of it.
        photos: that were asked about.
        places: that its photos have; see `taxolens.server.places`.
        received: bytes of the body.
        held: bytes that it takes in memory: those of the body, and what it grew to.
        whole: all of the body has been read, or there is none.
        status: of the answer; 0: none was sent.
        waited: seconds in the queue.
        worked: seconds at work.
    """

    id: str
    method: str
    path: str
    headers: dict[bytes, bytes]
    language: str
    started: float = field(default_factory=time.perf_counter)
    asker: str = ""
    strange: bool = False
    model: str = ""
    version: str = ""
    photos: int = 0
    places: int = 0
    received: int = 0
    held: int = 0
    whole: bool = False
    status: int = 0
    waited: float = 0.0
    worked: float = 0.0

    @classmethod
    def of(cls, scope: Scope) -> Visit:
        """A visit that begins; from now on the scope knows it."""
        headers = dict(cast(Iterable[tuple[bytes, bytes]], scope["headers"]))
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        visit = cls(
            id=given if _SANE.fullmatch(given) else secrets.token_hex(8),
            method=scope["method"],
            path=scope["path"],
            headers=headers,
            language=preferred(headers.get(b"accept-language", b"").decode("latin-1")),
        )
        scope[_KEPT] = visit
        return visit

    def header(self, name: bytes) -> str:
        """A header; empty where it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def announced(self) -> int | None:
        """The length of the body; None where it is not said."""
        said = self.headers.get(b"content-length", b"")
        return int(said) if said.isdigit() else None

    @property
    def say(self) -> Say:
        """Translates what the asker is told."""
        return saying(self.language)

    @property
    def seconds(self) -> float:
        """Since the request began."""
        return time.perf_counter() - self.started


def visit_of(scope: Scope) -> Visit:
    """The visit that a request belongs to."""
    return cast(Visit, scope[_KEPT])


@lru_cache(maxsize=8)
def saying(language: str) -> Say:
    """How to say an English text in one of our languages; reads its catalogue once."""
    return translator(language)


@lru_cache(maxsize=256)
def preferred(accepted: str) -> str:
    """The language of ours that an Accept-Language header likes best (RFC 9110, 12.5.4); English where none is."""
    wanted = [_weighed(one) for one in accepted.split(",")]
    for weight, tag in sorted(wanted, key=lambda one: -one[0]):
        if weight > 0 and is_known(tag):
            return known_language(tag)
    return "en"


def _weighed(text: str) -> tuple[float, str]:
    tag, _, weight = text.partition(";")
    said = weight.strip().removeprefix("q=")
    try:
        return (float(said) if said else 1.0), tag.strip()
    except ValueError:
        return 0.0, tag.strip()
