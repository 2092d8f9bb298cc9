"""Photos that belong together, side by side: copies, look-alikes, a photo and what it is taken for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from taxolens.report.gallery import Picture
from taxolens.report.panels import Tone


@dataclass(frozen=True, slots=True)
class Badge:
    """A few words on what is special, and how much they want to be heard."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Cluster:
    """Pictures that are to be compared.

    Attributes:
        title: what they have in common.
        badges: what to know of them.
        more: words on pictures that are left out.
    """

    title: str
    pictures: tuple[Picture, ...]
    badges: tuple[Badge, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Groups of pictures beneath each other, two beside each other where there is room."""

    title: str
    clusters: tuple[Cluster, ...]

    template: ClassVar[str] = "clusters"
