from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from taxolens.core.errors import DataError
from taxolens.formats.deployments import Deployment, Places, read_deployments, zone_named
from tests.unit.formats.answers import EAST, NOON

HEADER = "site,latitude,longitude,start,end,timezone\n"
ROW = "east,43.6,3.9,2026-05-01 10:00,2026-06-30 18:00,+02:00\n"


def read(folder: Path, text: str) -> tuple[Deployment, ...]:
    table = folder / "sites.csv"
    table.write_text(text, encoding="utf-8")
    return read_deployments(table)


def test_a_row_is_a_deployment(tmp_path: Path) -> None:
    (east,) = read(tmp_path, HEADER + ROW)
    assert (east.site, east.latitude, east.longitude) == ("east", 43.6, 3.9)
    assert east.start.isoformat() == "2026-05-01T10:00:00+02:00"
    assert east.end.isoformat() == "2026-06-30T18:00:00+02:00"
    assert east.id == "east_20260501T100000"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_a_mark_at_the_beginning_are_read(tmp_path: Path, separator: str) -> None:
    assert read(tmp_path, "\ufeff" + (HEADER + ROW).replace(",", separator))[0].site == "east"


def test_camtrap_dps_own_names_are_read_and_its_further_columns_kept(tmp_path: Path) -> None:
    header = "deploymentID,locationName,latitude,longitude,deploymentStart,deploymentEnd,cameraModel\n"
    row = "d1,east,43.6,3.9,2026-05-01T10:00:00Z,2026-06-30T18:00:00Z,Reconyx\n"
    (east,) = read(tmp_path, header + row)
    assert (east.id, east.site, east.more["cameraModel"]) == ("d1", "east", "Reconyx")
    assert east.moment(NOON).isoformat() == "2026-05-31T12:00:00+00:00"


def test_an_end_that_is_a_day_is_the_end_of_that_day(tmp_path: Path) -> None:
    (east,) = read(tmp_path, HEADER + "east,43.6,3.9,2026-05-01,2026-05-31,Z\n")
    assert (east.start.isoformat(), east.end.isoformat()) == (
        "2026-05-01T00:00:00+00:00",
        "2026-05-31T23:59:59+00:00",
    )


def test_a_named_zone_knows_summer_and_winter(tmp_path: Path) -> None:
    (east,) = read(tmp_path, HEADER + "east,43.6,3.9,2026-01-01,2026-12-31,Europe/Paris\n")
    assert east.moment(datetime(2026, 1, 31, 12)).utcoffset() == timedelta(hours=1)
    assert east.moment(datetime(2026, 7, 31, 12)).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("+02:00", 2), ("-0330", -3.5), ("UTC+5", 5), ("Z", 0), ("UTC", 0), ("GMT", 0)],
)
def test_zones_are_known_by_their_offset(text: str, hours: float) -> None:
    zone = zone_named(text)
    assert zone is not None
    assert zone.utcoffset(NOON) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "here", "+25:00", "../etc/passwd", "+02:99"])
def test_what_is_no_zone_is_none(text: str) -> None:
    assert zone_named(text) is None


def test_a_zone_by_its_name_is_that_zone() -> None:
    assert zone_named("Europe/Paris") == ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("east,north,3.9,2026-05-01,2026-06-30,Z", "north is no latitude"),
        ("east,91,3.9,2026-05-01,2026-06-30,Z", "91 is no latitude"),
        ("east,43,181,2026-05-01,2026-06-30,Z", "181 is no longitude"),
        ("east,43,3.9,yesterday,2026-06-30,Z", "yesterday is no time"),
        ("east,43,3.9,2026-05-01,2026-06-30,Paris", "time zone Paris is unknown"),
        ("east,43,3.9,2026-05-01,2026-06-30,", "nothing tells the time zone"),
        ("east,43,3.9,2026-06-30,2026-05-01,Z", "the end lies before the start"),
        (",43,3.9,2026-05-01,2026-06-30,Z", "names no site"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_told_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(DataError, match=told) as caught:
        read(tmp_path, HEADER + ROW + row + "\n")
    assert "Line 3" in str(caught.value)


def test_a_column_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column called latitude"):
        read(tmp_path, "site,longitude,start,end\n")


@pytest.mark.parametrize("text", ["", HEADER])
def test_a_table_without_rows_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError):
        read(tmp_path, text)


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sites\.csv"):
        read_deployments(tmp_path / "sites.csv")


def test_the_same_deployment_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="twice"):
        read(tmp_path, HEADER + ROW + ROW)


def moved() -> tuple[Deployment, Deployment]:
    """A camera at one site in two months, with a gap between."""
    may = Deployment("may", "east", 1, 2, EAST.start, EAST.start + timedelta(days=20), EAST.zone)
    june = Deployment("june", "east", 1, 2, EAST.start + timedelta(days=30), EAST.end, EAST.zone)
    return may, june


def test_the_time_tells_which_deployment_of_a_site() -> None:
    places = Places(moved())
    assert places.find("a.jpg", "east", datetime(2026, 5, 5)).id == "may"
    assert places.find("a.jpg", "east", datetime(2026, 6, 5)).id == "june"


@pytest.mark.parametrize("taken", [None, datetime(2026, 5, 25), datetime(1970, 1, 1)])
def test_a_time_that_no_deployment_of_several_holds_is_told(taken: datetime | None) -> None:
    with pytest.raises(DataError, match=r"a\.jpg"):
        Places(moved()).find("a.jpg", "east", taken)


def test_a_photo_without_a_time_is_of_the_only_deployment_of_its_site() -> None:
    assert Places([EAST]).find("a.jpg", "east", None) is EAST


def test_folders_tell_the_site_where_nothing_else_does() -> None:
    west = Deployment("w", "west", 1, 2, EAST.start, EAST.end, EAST.zone)
    assert Places([EAST, west]).find("card/west/100MEDIA/a.jpg", None, NOON) is west


def test_a_table_of_one_site_is_about_all_photos_without_a_site() -> None:
    assert Places([EAST]).find("a.jpg", None, NOON) is EAST


def test_a_site_that_is_not_in_the_table_is_told() -> None:
    with pytest.raises(DataError, match="south"):
        Places([EAST]).find("south/a.jpg", "south", NOON)
