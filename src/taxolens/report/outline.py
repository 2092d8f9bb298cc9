"""How a long section is put in order: parts with a heading, parts that open on demand, things to do first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from taxolens.report.page import Block
from taxolens.report.panels import Tone


@dataclass(frozen=True, slots=True)
class Titled:
    """Blocks under a heading of their own; folded ones open on demand.

    Attributes:
        text: a paragraph before the blocks.
        count: a figure beside the heading.
    """

    title: str
    blocks: tuple[Block, ...]
    text: str = ""
    count: str = ""
    folded: bool = False

    template: ClassVar[str] = "titled"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was found and what to do about it.

    Attributes:
        title: what was found.
        text: what it means and what to do.
        tone: how much it matters.
        anchor: section that shows it; empty: none.
        link: words of the link to it.
    """

    title: str
    text: str
    tone: Tone = Tone.PLAIN
    anchor: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """What was found, the most important first."""

    title: str
    steps: tuple[Step, ...]

    template: ClassVar[str] = "steps"
