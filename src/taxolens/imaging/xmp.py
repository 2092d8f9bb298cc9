"""XMP packets: keywords are added to `dc:subject`, and everything else stays as it was, byte by byte.

XMP specification, part 1 (ISO 16684-1), and part 3 for its place in files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from taxolens.core.printable import UNPRINTABLE

_DC = "http://purl.org/dc/elements/1.1/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ROOT, _DESCRIPTION, _SUBJECT, _ITEM = f"{_RDF} RDF", f"{_RDF} Description", f"{_DC} subject", f"{_RDF} li"
_LISTS = (f"{_RDF} Bag", f"{_RDF} Seq", f"{_RDF} Alt")
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
_END = '</x:xmpmeta>\n<?xpacket end="w"?>'
_PADDING = re.compile(rb"\s{64,}(?=<\?xpacket end)")
_TAG_NAME = re.compile(rb"<([^\s/>]+)")


def keyword_text(text: str) -> str:
    """A text as a keyword: what no XML may hold, and what ends lines, becomes a space."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(UNPRINTABLE.sub(" ", whole).replace("\ufffe", " ").replace("\uffff", " ").split())


def new_packet(keywords: Iterable[str]) -> bytes:
    """A packet that holds keywords alone."""
    rdf = f'<rdf:RDF xmlns:rdf="{_RDF}">{_description(keywords)}</rdf:RDF>'
    return (_BEGIN + rdf + _END).encode("utf-8")


def with_keywords(packet: bytes, keywords: Sequence[str]) -> bytes:
    """A packet that has these keywords too; one that has them all stays as it is.

    Raises:
        ValueError: it cannot be read.
    """
    found = _Finder(packet)
    added = [word for word in keywords if word not in found.keywords]
    if not added:
        return packet
    if found.list_end is None:
        return _inserted(packet, found.root_end, _description(added))
    return _inserted(packet, found.list_end, _items(added))


def without_padding(packet: bytes) -> bytes:
    """A packet without the room that programs leave at its end."""
    return _PADDING.sub(b"\n", packet)


def _description(keywords: Iterable[str]) -> str:
    return (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="" xmlns:dc="{_DC}"><dc:subject><rdf:Bag>'
        f"{_items(keywords)}</rdf:Bag></dc:subject></rdf:Description>"
    )


def _items(keywords: Iterable[str]) -> str:
    return "".join(f'<rdf:li xmlns:rdf="{_RDF}">{escape(word)}</rdf:li>' for word in keywords)


def _inserted(packet: bytes, at: int, text: str) -> bytes:
    """A text before the closing tag at a byte; a tag that opens and closes in one is opened first."""
    new = text.encode("utf-8")
    if packet[at : at + 2] == b"</":
        return packet[:at] + new + packet[at:]
    end = packet.index(b"/>", at)
    name = _TAG_NAME.match(packet, at)
    if name is None:
        raise ValueError("no tag")
    return packet[:end] + b">" + new + b"</" + name[1] + b">" + packet[end + 2 :]


class _Finder:
    """Where keywords stand in a packet.

    Attributes:
        keywords: those it has.
        list_end: byte at which their list is closed; None where there is none.
        root_end: byte at which the RDF is closed.

    Raises:
        ValueError: it is no packet in UTF-8, or one that declares what could grow without end.
    """

    def __init__(self, packet: bytes) -> None:
        packet.decode("utf-8")
        self.keywords: set[str] = set()
        self.list_end: int | None = None
        self.root_end = -1
        self._packet = packet
        self._path: list[str] = []
        self._begins: list[int] = []
        self._text: list[str] = []
        self._parser: Any = expat.ParserCreate("utf-8", " ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._refuse
        try:
            # What some programs write behind the packet would be no XML.
            self._parser.Parse(packet.rstrip(b"\0"), True)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
        if self.root_end < 0:
            raise ValueError("no RDF")

    def _begin(self, name: str, attributes: object) -> None:
        del attributes
        self._path.append(name)
        self._begins.append(self._parser.CurrentByteIndex)
        self._text.clear()

    def _end(self, name: str) -> None:
        above = self._path[-4:]
        if name == _ITEM and above[:2] == [_DESCRIPTION, _SUBJECT]:
            self.keywords.add("".join(self._text).strip())
        if name in _LISTS and above[:-1] == [_ROOT, _DESCRIPTION, _SUBJECT]:
            self.list_end = self._close()
        if name == _ROOT:
            self.root_end = self._close()
        self._path.pop()
        self._begins.pop()

    def _close(self) -> int:
        """Where the closing tag of the innermost element begins; where the element does, if that is one tag."""
        begin, end = self._begins[-1], self._parser.CurrentByteIndex
        tag = _TAG_NAME.match(self._packet, begin)
        return end if tag and self._packet.startswith(b"</" + tag[1], end) else begin

    def _refuse(self, *declared: object) -> None:
        del declared
        raise ValueError("a packet declares no document type")
