from __future__ import annotations

import shlex
from urllib.parse import parse_qs, urlsplit

import pytest

from taxolens.server.page.snippet import snippets

NAMES = ["mites", "a name", "été", '"; rm -rf $HOME; "', "back\\slash\nline"]


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_copied_asks_that_very_model(name: str, keyed: bool) -> None:
    shell, python = snippets("http://h:1", name, keyed=keyed)
    words = shlex.split(shell.lines)
    assert words[0] == "curl"
    assert parse_qs(urlsplit(words[-1]).query) == {"model": [name]}
    assert ("Authorization: Bearer $TAXOLENS_KEY" in words) is keyed
    asked = []

    class Client:
        def __init__(self, url: str, key: str | None = None) -> None:
            asked.append((url, key))

        def __enter__(self) -> Client:
            return self

        def __exit__(self, *error: object) -> None: ...

        def predict(self, photos: list[str], model: str) -> list[object]:
            asked.append((photos, model))
            return []

    exec(python.lines.partition("\n")[2], {"Client": Client})  # the import stands on the first line
    assert asked == [("http://h:1", "YOUR KEY" if keyed else None), (["photo.jpg"], name)]
