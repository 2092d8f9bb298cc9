"""Camtrap DP 1.0.2: a Frictionless data package of deployments, media and observations.

https://camtrap-dp.tdwg.org. Every photo is a row of `media.csv`. Every answer is an observation at the level of
media: `animal`, `human`, `vehicle` and `blank` by what the class stands for, `unknown` for an answer below the
threshold, `unclassified` for a photo that could not be read. Where events were decided, each is one more
observation at the level of events, with its count.

Cameras tell local time. The zone comes from the table of deployments, and so does everything about places. A
photo that tells no time gets the start of its deployment, says so in its comment, and its observations span
the whole deployment; the deployment is marked with `timestampIssues`. So is one with photos whose time it does
not hold.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from taxolens.core.records import UNSURE, Status
from taxolens.core.taxonomy import Role
from taxolens.formats.about import About
from taxolens.formats.camtrap_deployment import deployment_cells
from taxolens.formats.camtrap_descriptor import (
    DEPLOYMENT_COLUMNS,
    MEDIA_COLUMNS,
    OBSERVATION_COLUMNS,
    Seen,
    descriptor,
)
from taxolens.formats.deployments import Deployment, Places, asked_for
from taxolens.formats.media import by_file, in_utf8, media_type
from taxolens.formats.package import PackageTable, check_replaceable, member_of, written_package
from taxolens.formats.result import Event, Result

NAME = "Camtrap DP"
FILES = ("datapackage.json", "deployments.csv", "media.csv", "observations.csv")
_FILE_PATH = re.compile(r"(?=[^./~])(?!.*\.{2}).+\Z")
_TYPES = {
    Role.BLANK: "blank",
    Role.PERSON: "human",
    Role.VEHICLE: "vehicle",
    Role.OTHER: "unknown",
    None: "animal",
}
_LEAST_SIDE = 1e-15
_DETECTED = {"person": "human", "vehicle": "vehicle"}
_NO_TIME = "The file tells no time; this is the start of its deployment."
_OUTSIDE = "This time lies outside the deployment."


def write_camtrap_dp(results: Iterable[Result], out: Path, about: About) -> None:
    """Writes the package, whole or not at all; results are taken one photo at a time.

    Args:
        out: a folder, or a `.zip`.
        about: its deployments say where and when the cameras stood.

    Raises:
        UsageError: there are no deployments, or something else lies at `out`.
        DataError: a photo fits to no deployment.
        OutputError: it cannot be written; an earlier package stays as it was.
    """
    if not about.deployments:
        raise asked_for(NAME)
    check_replaceable(out, recognised=is_camtrap_dp(out), files=FILES)
    with written_package(out) as folder:
        with ExitStack() as open_tables:
            media = open_tables.enter_context(PackageTable(folder / "media.csv", MEDIA_COLUMNS))
            observations = open_tables.enter_context(
                PackageTable(folder / "observations.csv", OBSERVATION_COLUMNS)
            )
            package = _Package(about, media, observations)
            for name, rows in by_file(results):
                package.add(name, rows)
        with PackageTable(folder / "deployments.csv", DEPLOYMENT_COLUMNS) as table:
            for deployment in about.deployments:
                table.add(**deployment_cells(deployment, issues=deployment.id in package.troubled))
        text = json.dumps(descriptor(about, package.seen), ensure_ascii=False, indent=2)
        (folder / "datapackage.json").write_text(text + "\n", encoding="utf-8")


def is_camtrap_dp(path: Path) -> bool:
    """Whether a folder or `.zip` is a package of this kind."""
    return b"camtrap-dp-profile.json" in (member_of(path, "datapackage.json") or b"")


@dataclass(frozen=True, slots=True)
class _Medium:
    """A photo or video, where it belongs and when it was."""

    id: str
    name: str
    deployment: Deployment
    start: datetime
    end: datetime
    event: str


class _Package:
    """Turns results into rows.

    Attributes:
        troubled: ids of deployments with photos of no time or one outside.
        seen: what the descriptor tells of all results.
    """

    def __init__(self, about: About, media: PackageTable, observations: PackageTable) -> None:
        self.troubled: set[str] = set()
        self.seen = Seen()
        self._about = about
        self._names = about.names()
        self._places = Places(about.deployments)
        self._media, self._observations = media, observations
        self._created = about.created.astimezone(UTC).isoformat(timespec="seconds")
        self._folder: str | None = None
        self._events: set[str] = set()

    def add(self, name: str, rows: tuple[Result, ...]) -> None:
        """A file with its answers."""
        first = rows[0]
        deployment = self._places.find(name, first.site, first.taken)
        comment = self._trouble(deployment, first.taken)
        start = deployment.moment(first.taken) if first.taken else deployment.start
        medium = _Medium(
            id=_digest(name),
            name=name,
            deployment=deployment,
            start=start,
            end=start if first.taken else deployment.end,
            event=first.event.name if first.event else first.sequence or "",
        )
        self._media.add(
            mediaID=medium.id,
            deploymentID=deployment.id,
            timestamp=_moment(start),
            filePath=file_path(name),
            filePublic="false",
            fileName=name.rpartition("/")[2],
            fileMediatype=media_type(name),
            mediaComments=comment,
        )
        for number, row in enumerate(rows, start=1):
            self._observe(medium, row, number)
        if first.event is not None:
            self._observe_event(medium, first.event)

    def _trouble(self, deployment: Deployment, taken: datetime | None) -> str:
        if taken is not None and deployment.holds(taken):
            return ""
        self.troubled.add(deployment.id)
        return _OUTSIDE if taken is not None else _NO_TIME

    def _observe(self, medium: _Medium, row: Result, number: int) -> None:
        said = row.prediction
        start, end = _span(medium, row)
        cells: dict[str, str | float | int | None] = {
            "observationID": f"{medium.id}-{number}",
            "deploymentID": medium.deployment.id,
            "mediaID": medium.id,
            "eventID": medium.event,
            "eventStart": _moment(start),
            "eventEnd": _moment(end),
            "observationLevel": "media",
        }
        if said.status is Status.FAILED:
            why = f"{said.failure.code}: {said.failure.reason}" if said.failure else ""
            self._observations.add(**cells, observationType="unclassified", observationComments=why)
            return
        kind = _DETECTED.get(row.category or "") or self._kind(said.label, said.status)
        if said.box is not None and kind in ("animal", "human", "vehicle"):
            cells["count"] = 1
        if said.box is not None and min(said.box.width, said.box.height) >= _LEAST_SIDE:
            box = said.box
            cells |= {"bboxX": box.x, "bboxY": box.y, "bboxWidth": box.width, "bboxHeight": box.height}
        if said.label == UNSURE:
            cells["observationComments"] = f"best: {said.top1}"
        self._observations.add(
            **cells,
            **self._what(said.label, kind, row.rank),
            **self._who(said.score, row.corrected_by),
        )

    def _observe_event(self, medium: _Medium, event: Event) -> None:
        """One row per event; photos of an event lie in one folder."""
        folder = medium.name.rpartition("/")[0]
        if folder != self._folder:
            self._folder = folder
            self._events.clear()
        if event.name in self._events:
            return
        self._events.add(event.name)
        self.seen.events = True
        zone = medium.deployment
        cells: dict[str, str | float | int | None] = {
            "observationID": f"{_digest(event.name)}-event-{_digest(folder)[:8]}",
            "deploymentID": zone.id,
            "eventID": event.name,
            "eventStart": _moment(zone.moment(event.start) if event.start else medium.start),
            "eventEnd": _moment(zone.moment(event.end) if event.end else medium.end),
            "observationLevel": "event",
        }
        if event.status is Status.FAILED:
            self._observations.add(**cells, observationType="unclassified")
            return
        kind = self._kind(event.label, event.status)
        cells["count"] = event.count if event.count and kind == "animal" else None
        self._observations.add(
            **cells, **self._what(event.label, kind, event.rank), **self._who(event.score, None)
        )

    def _kind(self, label: str, status: Status) -> str:
        if status is Status.BLANK:
            return "blank"
        return "unknown" if label == UNSURE else _TYPES[self._names.role(label)]

    def _what(self, label: str, kind: str, rank: str | None) -> dict[str, str]:
        taxon = self._names[label]
        scientific = taxon.scientific or (label if rank else None)
        if kind in ("blank", "unknown") or label == UNSURE:
            scientific = None
        if scientific:
            self.seen.taxa.setdefault(scientific, (taxon, rank or taxon.rank))
        tag = "" if label == UNSURE else f"label:{label.replace('|', '/')}"
        return {"observationType": kind, "scientificName": scientific or "", "observationTags": tag}

    def _who(self, score: float, corrected_by: str | None) -> dict[str, str | float | None]:
        if corrected_by is not None:
            return {"classificationMethod": "human", "classifiedBy": corrected_by}
        return {
            "classificationMethod": "machine",
            "classifiedBy": self._about.classifier or self._about.detector,
            "classificationTimestamp": self._created,
            "classificationProbability": min(max(float(score), 0.0), 1.0),
        }


def file_path(name: str) -> str:
    """A name as `filePath` may be: one that begins with `.`, `/` or `~`, holds `..` or a line end is written with
    percent signs, as a URL is."""
    text = in_utf8(name)
    if _FILE_PATH.match(text) and text.isprintable():
        return text
    encoded = quote(text, safe="/ ").replace("..", "%2E%2E")
    return f"%{ord(encoded[0]):02X}{encoded[1:]}" if encoded[:1] in (".", "/", "~") else encoded


def _span(medium: _Medium, row: Result) -> tuple[datetime, datetime]:
    """When the observation was: the moment of the photo, or the part of the clip."""
    clip = row.clip
    if clip is None or row.taken is None or not clip.frames:
        return medium.start, medium.end
    boxed = row.frame is not None and row.prediction.box is not None
    frames = (row.frame or 0, row.frame or 0) if boxed else (clip.frames[0], clip.frames[-1])
    begin, end = (medium.start + timedelta(seconds=frame / clip.frame_rate) for frame in frames)
    return begin, end


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _digest(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
