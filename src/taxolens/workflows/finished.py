"""Whether an output holds already what a run would write: then a million photos are done in seconds."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from taxolens.core.records import Failure
from taxolens.core.version import VERSION
from taxolens.formats.corrections import Correction
from taxolens.inference.answered import Place
from taxolens.inference.store import Store
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.parse import recipe_document
from taxolens.storage.atomic import written_whole
from taxolens.workflows.tally import Counts

FILE = "finished.json"
_NOT_DECIDING = (
    "photos",
    "workers",
    "restart",
    "retry_failed",
    "max_megapixels",
    "corrections",
    "draw",
    "draw_blanks",
)


class Finished:
    """Remembers beside the results what was written from which rows in which way.

    Args:
        recipe: how results are decided and written; a file that it names counts with its size and time of change.
        store: holds the rows.
        places: of the rows that are written.
        corrections: what people said.
    """

    def __init__(
        self,
        recipe: IdentifyRecipe,
        store: Store,
        places: array[Place],
        corrections: Mapping[str, Correction],
    ) -> None:
        self._file = store.folder / FILE
        self._out = recipe.out
        self._root = recipe.photos
        said = {name: (one.label, one.by) for name, one in sorted(corrections.items())}
        document = recipe_document(recipe)
        decided = {name: value for name, value in document.items() if name not in _NOT_DECIDING}
        named = {name: _state(getattr(recipe, name)) for name in decided if name != "out"}
        digest = hashlib.sha256(memoryview(places))
        for what in (VERSION, store.journal.id, store.segments, decided, named, said):
            digest.update(json.dumps(what).encode())
        self._digest = digest.hexdigest()

    def counts(self) -> Counts | None:
        """What was counted when the output was written; None where it must be written anew."""
        try:
            document = json.loads(self._file.read_bytes())
            if document["decided"] != self._digest or document["out"] != _state(self._out):
                return None
            counts = document["counts"]
            failures = tuple(Failure(self._root / one["name"], **one) for one in counts["failures"])
            return Counts(**{**counts, "failures": failures})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def leave(self, counts: Counts) -> None:
        """Notes that the output is written.

        Raises:
            OutputError: that cannot be noted.
        """
        state = _state(self._out)
        if state is None:
            return
        figures: dict[str, Any] = {name: getattr(counts, name) for name in Counts.__slots__}
        figures["failures"] = [
            {"name": one.name, "code": one.code, "reason": one.reason} for one in counts.failures
        ]
        document = {"decided": self._digest, "out": state, "counts": figures}
        with written_whole(self._file) as file:
            file.write(json.dumps(document).encode("ascii"))


def _state(path: object) -> list[object] | None:
    """Name, size and time of change of a file; None for anything else."""
    with suppress(OSError):
        if isinstance(path, Path) and path.is_file():
            state = path.stat()
            return [str(path.resolve()), state.st_size, state.st_mtime_ns]
    return None
