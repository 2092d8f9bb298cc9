"""Forms, as other programs write them."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.problems import Refused
from taxolens.server.multipart import Part, read_form

names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=20)


def _written(files: list[tuple[str, tuple[str, bytes]]]) -> tuple[bytes, str]:
    request = httpx.Request("POST", "http://x", files=files)
    return request.read(), request.headers["content-type"]


@given(st.lists(st.tuples(names, st.binary(max_size=300)), min_size=1, max_size=5))
def test_what_httpx_writes_is_read_back(files: list[tuple[str, bytes]]) -> None:
    body, kind = _written([("file", (name, content)) for name, content in files])
    parts = read_form(body, kind)
    assert [part.content for part in parts] == [content for _, content in files]
    assert {part.name for part in parts} == {"file"}


@given(st.binary(max_size=400), st.integers(0, 10_000))
def test_whatever_comes_is_read_or_refused(noise: bytes, place: int) -> None:
    body, kind = _written([("file", ("a.jpg", b"photo"))])
    place %= len(body)
    for mutated in (noise, body[:place], body[:place] + noise + body[place:]):
        try:
            read_form(mutated, kind)
        except Refused as refused:
            assert refused.status in (400, 413)


def test_names_keep_their_letters() -> None:
    body, kind = _written([("file", ("Étoile d'été.jpg", b"x"))])
    assert read_form(body, kind) == (Part("file", "Étoile d'été.jpg", b"x"),)


def test_a_value_has_no_file_name() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nfox\r\n--b--\r\n'
    assert read_form(body, "multipart/form-data; boundary=b") == (Part("model", None, b"fox"),)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 5000,
    ],
)
def test_a_form_without_boundary_is_refused(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        read_form(b"x", kind)
    assert refused.value.status == 400


def test_too_many_fields_are_refused() -> None:
    body, kind = _written([("file", ("a", b"")) for _ in range(1001)])
    with pytest.raises(Refused) as refused:
        read_form(body, kind)
    assert refused.value.status == 413
