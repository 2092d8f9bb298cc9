"""XML of unknown origin: elements and text, nothing else.

A document that declares a type may define entities, which grow to gigabytes or name files of this computer; no
annotation needs that, so it is refused before anything is expanded.
Source: https://owasp.org/www-community/vulnerabilities/XML_External_Entity_(XXE)_Processing
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from taxolens.core.errors import DataError

_DEEPEST = 100


def read_xml(file: Path, most: int) -> Element:
    """The root of a document.

    Args:
        most: bytes; larger files are refused.

    Raises:
        DataError: it cannot be read, is no XML, is nested too deeply, names an encoding that is not known, or declares
            a document type.
    """
    try:
        if file.stat().st_size > most:
            raise DataError(
                "{file} is too large for a file of annotations. Get it from the program that wrote it.",
                file=file,
            )
        content = file.read_bytes()
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    try:
        return _Tree(file).read(content)
    except expat.ExpatError as error:
        raise DataError(
            "Line {line} of {file} is no XML: {why}. Get the file again from the program that wrote it.",
            line=error.lineno,
            file=file,
            why=expat.errors.messages.get(error.code, str(error)),
        ) from error
    except (LookupError, ValueError) as error:
        raise DataError(
            "{file} names an encoding of its letters that is not known here: {why}. Save it as UTF-8.",
            file=file,
            why=error,
        ) from error


class _Tree:
    """Builds the elements of one document."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._builder = TreeBuilder()
        self._depth = 0

    def read(self, content: bytes) -> Element:
        """The root."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._builder.data
        parser.StartDoctypeDeclHandler = self._refused
        parser.Parse(content, True)
        return self._builder.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DataError("{file} is nested too deeply for a file of annotations.", file=self._file)
        self._builder.start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(name)

    def _refused(self, *declared: object) -> NoReturn:
        raise DataError(
            "{file} declares a document type, which can lead to other files and is not read. Delete the line "
            "that begins with <!DOCTYPE.",
            file=self._file,
        )
