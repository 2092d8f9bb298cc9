"""The page's routes: itself, what it is made of, and what its form asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from taxolens.core.errors import ImageError, TaxolensError
from taxolens.core.version import VERSION
from taxolens.languages.translate import LANGUAGES, is_known, known_language
from taxolens.problems import Refused, problem_of
from taxolens.report.wording import Wording
from taxolens.server.body import hold, read_body
from taxolens.server.doors import MEGABYTE, Doors
from taxolens.server.page.asking import check_key, said_of
from taxolens.server.page.drawing import FRESH, drawn, edition, script, style
from taxolens.server.page.examples import Examples
from taxolens.server.page.panel import Panel, panels
from taxolens.server.page.picture import Pictures
from taxolens.server.page.question import Question, read_question
from taxolens.server.page.reference import doors_told
from taxolens.server.page.shown import Shown
from taxolens.server.page.snippet import snippets
from taxolens.server.page.words import page_words, reference_words, script_words
from taxolens.server.reading import Upload
from taxolens.server.refusal import OF_FAULTS
from taxolens.server.visit import Visit, saying, visit_of

OPEN_PAGES = ("/", "/docs", "/page/style.css", "/page/page.js", "/page/examples/")
"""What browsers get without a key, for their readers to write it into."""

_NAMES = {"en": "English", "fr": "Français"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_FOR_NOW = {"Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class _Answered:
    """A photo, as the page without JavaScript shows it."""

    said: Shown
    picture: bytes | None


def page_router(doors: Doors, examples: Examples | None = None) -> APIRouter:
    """The routes of the page.

    Args:
        examples: photos to try; None: none.
    """
    router = APIRouter(include_in_schema=False)
    page = _Page(doors, examples or Examples())
    router.add_api_route("/", page.show, methods=["GET"], response_class=HTMLResponse)
    router.add_api_route("/", page.answer_plainly, methods=["POST"], response_class=HTMLResponse)
    router.add_api_route("/docs", page.reference, methods=["GET"], response_class=HTMLResponse)
    router.add_api_route("/page/answer", page.answer, methods=["POST"], response_class=HTMLResponse)
    router.add_api_route("/page/picture", page.picture, methods=["POST"])
    router.add_api_route("/page/style.css", _style, methods=["GET"])
    router.add_api_route("/page/page.js", _script, methods=["GET"])
    router.add_api_route("/page/examples/{number}", page.example, methods=["GET"])
    router.add_api_route("/page/examples/{number}/small", page.small_example, methods=["GET"])
    return router


class _Page:
    def __init__(self, doors: Doors, examples: Examples) -> None:
        self._doors = doors
        self._examples = examples
        self._pictures = Pictures()

    async def show(self, request: Request) -> HTMLResponse:
        """The page as it is first seen."""
        return self._html(request, request.query_params.get("model", ""))

    async def answer(self, request: Request) -> HTMLResponse:
        """What is said of one photo, as a part of the page."""
        visit = visit_of(request.scope)
        wording = _wording(request, visit)
        question = await self._question(request, visit)
        if len(question.photos) != 1:
            raise Refused(400, "The page asks about one photo at a time. Programs ask at /predict.")
        (said,) = await said_of(self._doors, visit, question, question.photos, wording)
        html = drawn("result.html.jinja", said=said, words=page_words(wording.say))
        return HTMLResponse(html, headers=dict(FRESH))

    async def picture(self, request: Request) -> Response:
        """A small JPEG of one photo that the browser cannot show."""
        question = await self._question(request, visit_of(request.scope))
        photo = question.photos[0].photo if question.photos else b""
        jpeg = await self._pictures.small(photo) if isinstance(photo, bytes) else None
        if jpeg is None:
            raise Refused(422, "No picture can be made of this photo.")
        return Response(jpeg, media_type="image/jpeg", headers=dict(FRESH))

    async def answer_plainly(self, request: Request) -> HTMLResponse:
        """The whole page with its answers, for browsers without JavaScript."""
        visit = visit_of(request.scope)
        wording = _wording(request, visit)
        model, threshold = "", None
        try:
            question = await self._question(request, visit)
            model, threshold = question.model, question.threshold
            check_key(self._doors, visit, question)
            photos = await self._photos(question)
            answers = await self._answered(visit, question, photos, wording)
        except TaxolensError as error:
            problem = problem_of(error, wording.say, also=OF_FAULTS)
            said = self._html(request, model, threshold, fault=problem.sentence)
            said.status_code = problem.status
            if problem.retry_after is not None:
                said.headers["Retry-After"] = str(problem.retry_after)
            return said
        return self._html(request, model, threshold, answers=answers)

    async def _question(self, request: Request, visit: Visit) -> Question:
        limits = self._doors.limits
        body = await read_body(request.receive, visit, limits, self._doors.traffic)
        hold(len(body), visit, limits, self._doors.traffic)  # photos are cut out of it
        return read_question(body, visit.header(b"content-type"), limits)

    async def _photos(self, question: Question) -> tuple[Upload, ...]:
        if question.example is not None and question.example < len(self._examples.names):
            name = self._examples.names[question.example]
            return (Upload(name, await self._examples.photo(question.example)),)
        if not question.photos:
            raise Refused(400, "Choose a photo first.")
        return question.photos

    async def _answered(
        self, visit: Visit, question: Question, photos: Sequence[Upload], wording: Wording
    ) -> list[_Answered]:
        said = await said_of(self._doors, visit, question, photos, wording)
        small = await asyncio.gather(
            *(
                self._small(one.photo if told.tone != "failed" else None)
                for one, told in zip(photos, said, strict=True)
            )
        )
        return [_Answered(told, jpeg) for told, jpeg in zip(said, small, strict=True)]

    async def _small(self, photo: object) -> bytes | None:
        """A picture to show; none where that would keep the answer waiting."""
        if not isinstance(photo, bytes):
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._doors.limits.seconds):
                return await self._pictures.small(photo)
        return None

    async def reference(self, request: Request) -> HTMLResponse:
        """What programs can ask, for people."""
        wording = _wording(request, visit_of(request.scope))
        words = reference_words(wording.say)
        doors = doors_told(request.app.openapi())
        html = drawn("reference.html.jinja", **_frame(wording, words), doors=doors)
        return HTMLResponse(html, headers=dict(FRESH))

    async def example(self, number: int) -> Response:
        """An example photo."""
        try:
            photo = await self._examples.photo(number)
        except (IndexError, OSError) as error:
            raise HTTPException(404) from error
        return Response(photo, media_type="application/octet-stream", headers=_FOR_NOW)

    async def small_example(self, number: int) -> Response:
        """A small JPEG of an example photo."""
        try:
            photo = await self._examples.small(number)
        except (IndexError, OSError, ImageError) as error:
            raise HTTPException(404) from error
        return Response(photo, media_type="image/jpeg", headers=_FOR_NOW)

    def _html(
        self,
        request: Request,
        model: str,
        threshold: float | None = None,
        *,
        answers: Sequence[_Answered] = (),
        fault: str = "",
    ) -> HTMLResponse:
        wording = _wording(request, visit_of(request.scope))
        shown = panels(self._doors.desk.models(), wording)
        html = drawn(
            "page.html.jinja",
            **self._fixed(wording),
            **_models(
                shown,
                model or self._usual(),
                str(request.base_url).rstrip("/"),
                keyed=self._doors.keys is not None,
            ),
            facts=self._facts(shown, wording),
            threshold=threshold,
            answers=answers,
            fault=fault,
        )
        return HTMLResponse(html, headers=dict(FRESH))

    def _usual(self) -> str:
        """The model that answers where none is named."""
        try:
            return self._doors.desk.find().name
        except TaxolensError:
            return ""

    def _labels(self) -> set[str]:
        return {label for served in self._doors.desk.models() for label in served.card.labels}

    def _fixed(self, wording: Wording) -> dict[str, Any]:
        """What is the same for every question."""
        words = page_words(wording.say)
        return {
            **_frame(wording, words),
            "keyed": self._doors.keys is not None,
            "formats": words["formats"].format(most=f"{self._doors.limits.body / MEGABYTE:g}"),
            "examples": self._examples.names,
            "drawn": self._examples.note(self._labels(), wording.say),
            "reference": "docs",
        }

    def _facts(self, shown: Sequence[Panel], wording: Wording) -> dict[str, Any]:
        """What the script needs to know."""
        return {
            "language": wording.language,
            "most_bytes": self._doors.limits.body,
            "words": script_words(wording.say),
            "models": {
                one.name: {"version": one.version, "boxes": asdict(one.boxes) if one.boxes else None}
                for one in shown
            },
        }


def _frame(wording: Wording, words: Mapping[str, str]) -> dict[str, Any]:
    """What every page has around it."""
    return {
        "words": words,
        "language": wording.language,
        "tongues": [{"code": code, "name": _NAMES[code]} for code in LANGUAGES],
        "edition": edition(),
        "made_with": words["made_with"].format(version=VERSION),
    }


def _models(shown: Sequence[Panel], wanted: str, base: str, *, keyed: bool) -> dict[str, Any]:
    """The models, and which one is asked."""
    ready = [one for one in shown if one.ready]
    chosen = next((one for one in ready if one.name == wanted), ready[0] if ready else None)
    return {
        "panels": ready and shown,
        "chosen": chosen,
        "snippets": {one.name: snippets(base, one.name, keyed=keyed) for one in shown},
    }


def _wording(request: Request, visit: Visit) -> Wording:
    """How to speak to the reader: as the address says, else as the browser does."""
    asked = request.query_params.get("lang", "")
    language = known_language(asked) if is_known(asked) else visit.language
    return Wording(saying(language), language)


async def _style() -> Response:
    return Response(style(), media_type="text/css", headers=_FOR_EVER)


async def _script() -> Response:
    return Response(script(), media_type="text/javascript", headers=_FOR_EVER)
