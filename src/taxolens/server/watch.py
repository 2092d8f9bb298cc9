"""Files that changed and rest since: one that is still being written is left alone."""

from __future__ import annotations

from collections.abc import Mapping

from taxolens.server.kept import FileState, Source, state_of


class Watch:
    """Looks at the files of models.

    Args:
        sources: by name.
        tried: how the files were when they were last loaded, or could not be; changes from outside.
    """

    def __init__(self, sources: Mapping[str, Source], tried: Mapping[str, FileState | None]) -> None:
        self._sources = sources
        self._tried = tried
        self._seen = dict(tried)

    def due(self) -> list[str]:
        """Names whose files are others than were loaded and have not changed since the last look."""
        names = []
        for name, source in self._sources.items():
            now, before = state_of(source), self._seen[name]
            self._seen[name] = now
            if now is not None and now == before and now != self._tried[name]:
                names.append(name)
        return names
