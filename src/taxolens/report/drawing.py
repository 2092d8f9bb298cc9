"""SVG elements; escaping is the XML writer's, so that no label can break out."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from markupsafe import Markup

Attribute = str | int | float


def written(value: Attribute) -> str:
    """A coordinate to a hundredth of a pixel, without needless zeros, or a text as it is."""
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Drawing:
    """An SVG picture that can be read aloud.

    Args:
        width: in user units, one per pixel at natural size.
        height: as `width`.
        title: what the picture shows, in a few words; empty: an ornament, silent to screen readers.
        description: what there is to see in it, in a sentence or two.
        kind: CSS classes.
        fluid: True: as wide as its place; False: always in its natural size.
    """

    def __init__(
        self,
        width: float,
        height: float,
        *,
        title: str = "",
        description: str = "",
        kind: str = "plot",
        fluid: bool = True,
    ) -> None:
        size = written(float(width)), written(float(height))
        self.root = ET.Element("svg", {"class": kind, "viewBox": f"0 0 {size[0]} {size[1]}"})
        if not fluid:
            self.root.set("width", size[0])
            self.root.set("height", size[1])
        if not title:
            self.root.set("aria-hidden", "true")
            return
        self.root.set("role", "img")
        self.add("title", title)
        if description:
            self.add("desc", description)

    def add(
        self, tag: str, text: str | None = None, *, parent: ET.Element | None = None, **attributes: Attribute
    ) -> ET.Element:
        """Adds an element; `kind` becomes `class`, an underscore a hyphen."""
        named = {_attribute(name): written(value) for name, value in attributes.items()}
        child = ET.SubElement(self.root if parent is None else parent, tag, named)
        child.text = text
        return child

    def explain(self, element: ET.Element, text: str) -> None:
        """Gives an element the words that a pointer resting on it shows."""
        title = ET.Element("title")
        title.text = text
        element.insert(0, title)

    def markup(self) -> Markup:
        """The picture as text for a page."""
        return Markup(ET.tostring(self.root, encoding="unicode"))  # the XML writer has escaped it


def _attribute(name: str) -> str:
    return "class" if name == "kind" else name.replace("_", "-")
