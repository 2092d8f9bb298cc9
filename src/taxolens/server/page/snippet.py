"""Ready-made requests for programs, with the address that the reader came by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Snippet:
    """A few lines to copy.

    Attributes:
        title: the language they are in.
        lines: the text.
    """

    title: str
    lines: str


def snippets(base: str, model: str, *, keyed: bool) -> tuple[Snippet, ...]:
    """How to ask one model from a shell and from Python.

    Args:
        base: address of the server, without a slash at its end.
        model: name that requests use.
        keyed: whether a key must be shown.
    """
    shell = ["curl"]
    if keyed:
        shell.append('-H "Authorization: Bearer $TAXOLENS_KEY"')
    shell += ["-F file=@photo.jpg", f'"{base}/predict?model={quote(model, safe="")}"']
    key = ', key="YOUR KEY"' if keyed else ""
    python = (
        "from taxolens.client import Client\n\n"
        f'with Client("{base}"{key}) as server:\n'
        f'    for answer in server.predict(["photo.jpg"], model={json.dumps(model, ensure_ascii=False)}):\n'
        "        print(answer.name, answer.label, answer.confidence)\n"
    )
    return Snippet("curl", " ".join(shell)), Snippet("Python", python)
