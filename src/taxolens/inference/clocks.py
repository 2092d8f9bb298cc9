"""Times as they would be, had the cameras' clocks been right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from taxolens.formats.clocks import ClockFault


class Clocks:
    """Corrects times by where and by which camera a photo was taken.

    Of several faults that fit, the one of the deepest folder counts, then one that also names the camera.
    """

    def __init__(self, faults: Sequence[ClockFault] = ()) -> None:
        self._faults = tuple(faults)
        self._known: dict[tuple[str, str], timedelta | None] = {}
        self.used: set[ClockFault] = set()

    @property
    def unused(self) -> tuple[ClockFault, ...]:
        """Faults of which no photo was met yet."""
        return tuple(fault for fault in self._faults if fault not in self.used)

    def corrected(self, taken: datetime | None, folder: str, camera: str | None) -> datetime | None:
        """The true time of a photo; the calendar's end stops what lies beyond it."""
        if taken is None or not self._faults:
            return taken
        key = (folder, (camera or "").casefold())
        if key not in self._known:
            self._known[key] = self._offset(*key)
        offset = self._known[key]
        with suppress(OverflowError):
            return taken + offset if offset else taken
        return taken

    def _offset(self, folder: str, camera: str) -> timedelta | None:
        fitting = [
            fault
            for fault in self._faults
            if f"{folder}/".startswith(f"{fault.site}/" if fault.site else "")
            and fault.camera.casefold() in ("", camera)
        ]
        best = max(fitting, key=lambda fault: (len(fault.site), bool(fault.camera)), default=None)
        if best is None:
            return None
        self.used.add(best)
        return best.offset
