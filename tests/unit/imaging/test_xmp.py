from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.imaging.xmp import keyword_text, new_packet, with_keywords, without_padding

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
SUBJECT = "{http://purl.org/dc/elements/1.1/}subject"

RATED = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <r:Description r:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4">%s</r:Description>
</r:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
TAGGED = RATED % (
    b'<dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/"><r:Bag><r:li>night</r:li></r:Bag></dc:subject>'
)
EMPTY_LIST = RATED % b'<dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/"><r:Bag/></dc:subject>'


def keywords(packet: bytes) -> list[str]:
    """As another reader of XML finds them."""
    return [item.text or "" for item in ET.fromstring(packet.strip()).iterfind(f".//{SUBJECT}/*/{RDF}li")]


WORDS = st.lists(st.text(min_size=1).map(keyword_text).filter(bool), min_size=1, max_size=5, unique=True)


@given(WORDS)
def test_a_new_packet_holds_the_keywords_whatever_they_are(words: list[str]) -> None:
    assert keywords(new_packet(words)) == words


@given(WORDS)
def test_keywords_join_those_that_a_packet_has(words: list[str]) -> None:
    assert keywords(with_keywords(TAGGED, words)) == ["night", *(word for word in words if word != "night")]


@pytest.mark.parametrize("packet", [RATED % b"", EMPTY_LIST, RATED % b"<!-- nothing -->"])
def test_a_packet_without_keywords_gets_them_and_keeps_what_it_tells(packet: bytes) -> None:
    named = with_keywords(packet, ["red fox", "Vulpes vulpes"])
    assert keywords(named) == ["red fox", "Vulpes vulpes"]
    assert b'xmp:Rating="4"' in named


def test_a_packet_that_has_all_keywords_stays_as_it_is() -> None:
    once = with_keywords(TAGGED, ["fox & <hare>"])
    assert keywords(once) == ["night", "fox & <hare>"]
    assert with_keywords(once, ["fox & <hare>", "night"]) == once


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no packet",
        RATED[:120],
        b"\xff\xfe<\0x\0",
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + (RATED % b"&b;"),
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    ],
)
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError):
        with_keywords(packet, ["fox"])


def test_padding_can_be_given_up() -> None:
    padded = TAGGED.replace(b"\n<?xpacket end", b"\n" + b" " * 3000 + b"\n<?xpacket end")
    assert len(without_padding(padded)) < 600
    assert keywords(without_padding(padded)) == ["night"]


@given(st.text())
def test_a_keyword_is_one_line_of_what_xml_may_hold(text: str) -> None:
    word = keyword_text(text)
    assert word == " ".join(word.split())
    ET.fromstring(new_packet([word]).strip())
