"""Time and camera."""

from __future__ import annotations

import csv
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from taxolens.imaging.metadata import Metadata, read_metadata

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")

MAKE, MODEL, CHANGED, DETAIL, TAKEN, DIGITISED = 0x010F, 0x0110, 0x0132, 0x8769, 0x9003, 0x9004
ZONE, ZONE_TAKEN, ZONE_DIGITISED = 0x9010, 0x9011, 0x9012


def photo(name: str, main: dict[int, object], detail: dict[int, object]) -> bytes:
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(DETAIL).update(detail)
    file = BytesIO()
    Image.new("RGB", (30, 20)).save(file, name, exif=exif.tobytes())
    return file.getvalue()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_time_camera_and_size_are_read_from_every_format(name: str) -> None:
    file = photo(name, {MAKE: "RECONYX", MODEL: "HYPERFIRE 2"}, {TAKEN: "2024:01:06 03:35:01"})
    assert read_metadata(file) == Metadata(datetime(2024, 1, 6, 3, 35, 1), "RECONYX HYPERFIRE 2", 30, 20)


@pytest.mark.parametrize(
    ("main", "detail", "year"),
    [
        (
            {CHANGED: "2003:03:03 03:03:03"},
            {TAKEN: "2001:01:01 01:01:01", DIGITISED: "2002:02:02 02:02:02"},
            2001,
        ),
        ({CHANGED: "2003:03:03 03:03:03"}, {DIGITISED: "2002:02:02 02:02:02"}, 2002),
        ({CHANGED: "2003:03:03 03:03:03"}, {}, 2003),
        ({CHANGED: "2003:03:03 03:03:03"}, {TAKEN: "0000:00:00 00:00:00"}, 2003),
        ({CHANGED: "2003-03-03 03:03:03"}, {TAKEN: "    :  :     :  :  "}, 2003),
        ({CHANGED: "no time"}, {TAKEN: "2001:13:41 99:01:01"}, None),
        ({}, {}, None),
    ],
)
def test_the_best_time_that_can_be_meant_counts(
    main: dict[int, object], detail: dict[int, object], year: int | None
) -> None:
    taken = read_metadata(photo("JPEG", main, detail)).taken
    assert (taken.year if taken else None) == year


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+02:00", 120),
        ("-03:30", -210),
        ("+00:00", 0),
        ("Z", 0),
        ("+0545", 345),
        ("+14:00", 840),
        ("+15:00", None),
        ("-13:00", None),
        ("+01:75", None),
        ("   :  ", None),
        ("CEST", None),
        ("", None),
    ],
)
def test_the_zone_of_a_time_is_read_where_the_photo_tells_it(text: str, minutes: int | None) -> None:
    found = read_metadata(photo("JPEG", {}, {TAKEN: "2026:03:29 02:30:00", ZONE_TAKEN: text}))
    assert (found.taken, found.utc_offset) == (datetime(2026, 3, 29, 2, 30), minutes)


def test_each_time_has_its_own_zone() -> None:
    zones = {ZONE_TAKEN: "+01:00", ZONE_DIGITISED: "+02:00", ZONE: "+03:00"}
    times = {TAKEN: "2026:01:01 01:01:01", DIGITISED: "2026:02:02 02:02:02"}
    changed = {CHANGED: "2026:03:03 03:03:03"}
    assert read_metadata(photo("JPEG", changed, {**times, **zones})).utc_offset == 60
    assert read_metadata(photo("JPEG", changed, {DIGITISED: times[DIGITISED], **zones})).utc_offset == 120
    assert read_metadata(photo("JPEG", changed, zones)).utc_offset == 180
    assert read_metadata(photo("JPEG", {}, zones)) == Metadata(width=30, height=20)


@pytest.mark.parametrize(
    ("main", "camera"),
    [
        ({MAKE: "Canon", MODEL: "Canon EOS 5D"}, "Canon EOS 5D"),
        ({MAKE: "NIKON CORPORATION", MODEL: "NIKON D90"}, "NIKON D90"),
        ({MAKE: "Browning\0\0 ", MODEL: " BTC-8A"}, "Browning BTC-8A"),
        ({MODEL: "X"}, "X"),
        ({MAKE: "Y"}, "Y"),
        ({MAKE: "  "}, None),
    ],
)
def test_a_camera_is_make_and_model_without_saying_a_name_twice(
    main: dict[int, object], camera: str | None
) -> None:
    assert read_metadata(photo("JPEG", main, {})).camera == camera


@given(st.data())
def test_damaged_exif_never_stops_the_reading(data: st.DataObject) -> None:
    file = bytearray(
        photo("JPEG", {MAKE: "Canon", CHANGED: "2003:03:03 03:03:03"}, {TAKEN: "2001:01:01 01:01:01"})
    )
    marker = file.index(b"Exif")
    end = marker - 3 + int.from_bytes(file[marker - 2 : marker], "big")
    for _ in range(data.draw(st.integers(1, 20))):
        file[data.draw(st.integers(marker + 6, end))] = data.draw(st.integers(0, 255))
    found = read_metadata(bytes(file))
    assert (found.width, found.height) == (30, 20)


def test_what_is_no_image_has_no_metadata(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "absent.jpg") == Metadata()
    assert read_metadata(b"words") == Metadata()


@pytest.mark.shared_data
def test_real_camera_traps_tell_time_and_camera(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "cameratrap_fullres" / "cameratrap_fullres.zip") as archive:
        rows = csv.DictReader(archive.read("manifest.csv").decode().splitlines())
        for row in rows:
            found = read_metadata(archive.read(row["file"]))
            assert (found.width, found.height) == (int(row["width"]), int(row["height"]))
            for word in row["camera"].split():
                assert word.strip(",;").lower() in (found.camera or "").lower()
