"""Where and when cameras stood: a table that the user gives, because no photo tells it.

CSV in UTF-8 with a row per deployment. Columns are called as in Camtrap DP 1.0.2, or in plain words:

    site (locationName, locationID)        as the site of the results; several rows where a camera moved
    latitude, longitude                    decimal degrees, WGS 84
    start, end (deploymentStart, ...)      local time of the camera: 2026-05-31 14:05, or with its zone
    timezone                               +02:00, UTC, or a name such as Europe/Paris; may be left out where
                                           start and end tell their zone
    deployment (deploymentID)              may be left out: site and start make it

Other columns of Camtrap DP's `deployments.csv` are handed on as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from taxolens.core.errors import DataError, UsageError
from taxolens.core.texts import noted
from taxolens.formats.boxes import finite

EXAMPLE = "site,latitude,longitude,start,end,timezone"

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?\Z")
_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "site": ("site", "locationname", "locationid"),
        "latitude": ("latitude", "lat"),
        "longitude": ("longitude", "lon", "lng"),
        "start": ("start", "deploymentstart"),
        "end": ("end", "deploymentend"),
        "timezone": ("timezone", "time_zone", "time zone", "tz"),
        "deployment": ("deployment", "deploymentid"),
    }
)
_NEEDED = ("site", "latitude", "longitude", "start", "end")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One camera at one place for some time.

    Attributes:
        id: unique in its table.
        site: as the results call it.
        latitude: decimal degrees north, -90..90, WGS 84.
        longitude: decimal degrees east, -180..180.
        start: with its zone.
        end: with its zone, not before `start`.
        zone: what local times of its photos are in.
        more: further columns of Camtrap DP, as they stand in the table.
    """

    id: str
    site: str
    latitude: float
    longitude: float
    start: datetime
    end: datetime
    zone: tzinfo
    more: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def moment(self, taken: datetime) -> datetime:
        """A local time of the camera, with the zone that the table gives."""
        return taken if taken.tzinfo else taken.replace(tzinfo=self.zone)

    def holds(self, taken: datetime) -> bool:
        """Whether a photo of this time can be of this deployment."""
        return self.start <= self.moment(taken) <= self.end


def read_deployments(table: Path) -> tuple[Deployment, ...]:
    """Reads the table.

    Raises:
        DataError: it is absent or empty, a column is missing, or a cell cannot be meant.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=max(",;\t", key=header.count), strict=True)
            reader = _Reader(table, next(rows, []))
            found = tuple(reader.deployment(cells, rows.line_num) for cells in rows if any(cells))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            "The table of deployments {table} cannot be read: {why}. Name a CSV in UTF-8 with the columns {columns}.",
            table=table,
            why=error,
            columns=EXAMPLE,
        ) from error
    if not found:
        raise DataError(
            "The table of deployments {table} has no rows. Give it one for each camera and place.",
            table=table,
        )
    return _apart(found, table)


class Places:
    """Finds the deployment of a photo.

    Args:
        deployments: of one table.
    """

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self._by_site: dict[str, list[Deployment]] = {}
        for deployment in deployments:
            self._by_site.setdefault(deployment.site, []).append(deployment)

    def find(self, name: str, site: str | None, taken: datetime | None) -> Deployment:
        """The deployment that a photo is of: that of its site which holds its time.

        Where no site is told, a folder above the photo that is called as a site tells it; a table with one
        site alone is about all photos. A photo without a time, or of a time that no deployment of its site
        holds, is of the site's only deployment.

        Raises:
            DataError: the table does not tell which one.
        """
        at_site = self._at(name, site)
        holding = [one for one in at_site if taken is not None and one.holds(taken)]
        choice = holding or at_site
        if len(choice) == 1 or holding:
            return choice[0]
        raise DataError(
            "The photo {name} has no time that tells which deployment of the site {site} it is of. "
            "Correct the starts and ends in the table of deployments, or set the photo apart.",
            name=name,
            site=at_site[0].site,
        )

    def _at(self, name: str, site: str | None) -> list[Deployment]:
        named = (site,) if site is not None else (*reversed(name.split("/")[:-1]),)
        for place in named:
            if place in self._by_site:
                return self._by_site[place]
        if site is None and len(self._by_site) == 1:
            return next(iter(self._by_site.values()))
        raise DataError(
            "The table of deployments has no row for the site {site} of the photo {name}. Add one.",
            site=site if site is not None else "/".join(name.split("/")[:-1]),
            name=name,
        )


class _Reader:
    """Turns rows of one table into deployments."""

    def __init__(self, table: Path, header: list[str]) -> None:
        self._table = table
        self._columns = {name.strip(): place for place, name in enumerate(header) if name.strip()}
        lower = {name.lower(): place for name, place in self._columns.items()}
        self._places = {
            ours: next((lower[alias] for alias in aliases if alias in lower), None)
            for ours, aliases in _ALIASES.items()
        }
        for needed in _NEEDED:
            if self._places[needed] is None:
                raise DataError(
                    "The table of deployments {table} has no column called {column}. It needs: {columns}",
                    table=table,
                    column=needed,
                    columns=EXAMPLE,
                )

    def deployment(self, cells: list[str], line: int) -> Deployment:
        """One row."""
        zone = self._zone(cells, line)
        start, end = (self._moment(cells, line, column, zone) for column in ("start", "end"))
        if end < start:
            raise self._fault(
                line, noted("Line {line} of the table of deployments {table}: the end lies before the start.")
            )
        site = self._cell(cells, "site")
        if not site:
            raise self._fault(
                line, noted("Line {line} of the table of deployments {table} names no site. Fill it in.")
            )
        known = {place for place in self._places.values() if place is not None}
        return Deployment(
            id=self._cell(cells, "deployment") or f"{site}_{start:%Y%m%dT%H%M%S}",
            site=site,
            latitude=self._degrees(cells, line, "latitude", 90),
            longitude=self._degrees(cells, line, "longitude", 180),
            start=start,
            end=end,
            zone=zone or start.tzinfo or UTC,
            more=MappingProxyType(
                {
                    name: cells[place].strip()
                    for name, place in self._columns.items()
                    if place < len(cells) and (place not in known or name in ("locationID", "locationName"))
                }
            ),
        )

    def _cell(self, cells: list[str], column: str) -> str:
        place = self._places[column]
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _degrees(self, cells: list[str], line: int, column: str, most: float) -> float:
        text = self._cell(cells, column)
        degrees = finite(text)
        if degrees is None or abs(degrees) > most:
            raise self._fault(
                line,
                noted(
                    "Line {line} of the table of deployments {table}: {text} is no {column} in decimal degrees."
                ),
                text=text,
                column=column,
            )
        return degrees

    def _zone(self, cells: list[str], line: int) -> tzinfo | None:
        text = self._cell(cells, "timezone")
        zone = zone_named(text) if text else None
        if text and zone is None:
            raise self._fault(
                line,
                noted(
                    "Line {line} of the table of deployments {table}: the time zone {text} is unknown. Write it as +02:00."
                ),
                text=text,
            )
        return zone

    def _moment(self, cells: list[str], line: int, column: str, zone: tzinfo | None) -> datetime:
        text = self._cell(cells, column)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._fault(
                line,
                noted(
                    "Line {line} of the table of deployments {table}: {text} is no time. Write it as 2026-05-31 14:05."
                ),
                text=text or column,
            ) from error
        if column == "end" and len(text) <= len("2026-05-31"):
            moment += timedelta(days=1, seconds=-1)
        if moment.tzinfo is None and zone is None:
            raise self._fault(
                line,
                noted(
                    "Line {line} of the table of deployments {table}: nothing tells the time zone of {text}. Add a column timezone."
                ),
                text=text,
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    def _fault(self, line: int, template: str, **fields: str) -> DataError:
        return DataError(template, line=line, table=self._table, **fields)


def zone_named(text: str) -> tzinfo | None:
    """A time zone by its offset (+02:00) or its name (Europe/Paris, UTC); None for what is none."""
    if text in ("Z", "UTC", "GMT"):
        return UTC
    if found := _OFFSET.fullmatch(text):
        hours, minutes = int(found[2]), int(found[3] or 0)
        away = timedelta(hours=hours, minutes=minutes)
        if hours > 14 or minutes > 59:
            return None
        return timezone(-away if found[1] == "-" else away)
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return None


def _apart(deployments: tuple[Deployment, ...], table: Path) -> tuple[Deployment, ...]:
    seen: set[str] = set()
    for deployment in deployments:
        if deployment.id in seen:
            raise DataError(
                "The table of deployments {table} lists {id} twice. Give each deployment a name of its own.",
                table=table,
                id=deployment.id,
            )
        seen.add(deployment.id)
    return deployments


def asked_for(format_name: str) -> UsageError:
    """What is said where a format cannot be written without the table."""
    return UsageError(
        "{format} needs to know where and when the cameras stood, which no photo tells: name a table with "
        "--deployments sites.csv. Its columns: {columns}",
        format=format_name,
        columns=EXAMPLE,
    )
