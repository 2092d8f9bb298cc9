"""One self-contained page: no request leaves it, nothing in it is run but its own script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from taxolens.core.version import VERSION
from taxolens.report.wording import Wording

_TEMPLATES = Path(__file__).parent / "templates"
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_JOINT = re.compile(r"(?<=[^\W_])(_+)(?=[^\W\d_])")
_UNPRINTABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


class Block(Protocol):
    """Anything that a section can hold; `template` names the file that draws it."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Blocks beside each other where there is room, beneath each other where there is none."""

    blocks: tuple[Block, ...]

    template: ClassVar[str] = "pair"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Attributes:
        anchor: what a link to it ends in; letters, digits and hyphens.
        title: its heading, and its line in the contents.
        text: a paragraph before the blocks.
        blocks: what it holds.
    """

    anchor: str
    title: str
    text: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        title: what it is about, a few words.
        lead: the one sentence to read when there is time for no more.
        eyebrow: what kind of page it is, above the title.
        meta: small facts beneath the lead.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    eyebrow: str = ""
    meta: tuple[str, ...] = ()

    def html(self, wording: Wording) -> str:
        """The whole page as text; safe to write as UTF-8 whatever names it holds."""
        style, script = _asset("page.css"), _asset("page.js")
        html = (
            _environment()
            .get_template("page.html.jinja")
            .render(
                page=self,
                language=wording.language.replace("_", "-"),
                style=Markup(style),
                script=Markup(script),
                policy=_policy(style, script),
                made_with=wording.say("Made with Taxolens {version}").format(version=VERSION),
                words=_words(wording),
            )
        )
        return html.translate(_UNPRINTABLE).encode("utf-8", "replace").decode("utf-8")


def _words(wording: Wording) -> Mapping[str, str]:
    """Words that belong to the page itself."""
    say = wording.say
    return {
        "contents": say("Contents"),
        "figures": say("The figures of this chart"),
        "columns": say("What the columns mean"),
        "right": say("right"),
        "wrong": say("wrong"),
        "no_picture": say("no picture"),
        "enlarge": say("Enlarge {name}"),
        "close": say("Close"),
        "previous": say("Previous picture"),
        "next": say("Next picture"),
        "to_content": say("Skip to the content"),
    }


def _policy(style: str, script: str) -> str:
    """The content security policy: nothing from elsewhere, no style or script but these very ones."""
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash(style)}; script-src {_hash(script)}"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def stylesheet() -> str:
    """Colours, type and blocks of all pages of Taxolens, for pages that are made elsewhere."""
    return _asset("page.css")


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["options_whole"] = _options_whole
    environment.filters["breakable"] = _breakable
    return environment


def _options_whole(text: str) -> Markup:
    """Options such as --list, which a browser would break after a hyphen, in one piece."""
    return Markup(_OPTION.sub(lambda found: f'<span class="option">{found[0]}</span>', str(escape(text))))


def _breakable(text: str) -> Markup:
    """A name such as tomocerus_vulgaris, which a narrow column then breaks where it is joined."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(text))))
