"""Templates to pages."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from taxolens.report.page import stylesheet

_HERE = Path(__file__).parent
_TICKED = re.compile(r"`([^`]+)`")
FRESH = MappingProxyType({"Cache-Control": "no-store", "Vary": "Accept-Language"})
"""Pages tell what is so now. What a browser may do with them, the gate says."""


@cache
def style() -> str:
    """Colours and type of all pages of Taxolens, then what only this one has."""
    return stylesheet() + "\n" + (_HERE / "static" / "page.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """The module that makes the page lively."""
    return (_HERE / "static" / "page.js").read_text(encoding="utf-8")


@cache
def edition() -> str:
    """Changes with style and script, so that browsers may keep both for ever."""
    return hashlib.sha256((style() + script()).encode()).hexdigest()[:12]


def drawn(template: str, **fields: object) -> str:
    """A page, or a part of one."""
    return _environment().get_template(template).render(**fields)


def data_address(jpeg: bytes) -> str:
    """A picture as an address that holds it whole."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_address"] = data_address
    environment.filters["ticked"] = _ticked
    return environment


def _ticked(text: str) -> Markup:
    """What stands between backticks, as code."""
    return Markup(_TICKED.sub(r"<code>\1</code>", str(escape(text))))
