"""Files that changed and rest since: one that is still being written is left alone."""

from __future__ import annotations

from collections.abc import Mapping

from taxolens.server.kept import Source

_State = tuple[tuple[int, int], ...]
"""Size and time of change of each file."""


class Watch:
    """Looks at the files of models.

    Args:
        sources: by name; as they are now counts as loaded.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._loaded = {name: _state(source) for name, source in sources.items()}
        self._seen = dict(self._loaded)

    def due(self) -> list[str]:
        """Names whose files are others than were loaded and have not changed since the last look."""
        names = []
        for name, source in self._sources.items():
            now, before = _state(source), self._seen[name]
            self._seen[name] = now
            if now is not None and now == before and now != self._loaded[name]:
                self._loaded[name] = now
                names.append(name)
        return names


def _state(source: Source) -> _State | None:
    """None where a file is absent."""
    files = [source.path] if source.detector is None else [source.path, source.detector]
    try:
        return tuple((one.st_size, one.st_mtime_ns) for one in (file.stat() for file in files))
    except OSError:
        return None
