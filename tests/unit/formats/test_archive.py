"""Zips, friendly and hostile."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from taxolens.core.errors import DataError, OutputError
from taxolens.formats import archive as archive_module
from taxolens.formats.archive import ArchiveLimits, unpacked


def packed(file: Path, *names: str, content: bytes = b"x", **options: int) -> Path:
    with zipfile.ZipFile(file, "w", **options) as archive:  # type: ignore[arg-type]
        for name in names:
            archive.writestr(name, content)
    return file


def held(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_zip_is_unpacked_once_under_its_hash(tmp_path: Path) -> None:
    file = packed(tmp_path / "a.zip", "cow/1.jpg", "elk/2.jpg", "__MACOSX/._1.jpg", "cow/.DS_Store")
    folder = unpacked(file, tmp_path / "home")
    assert held(folder) == ["cow/1.jpg", "elk/2.jpg"]
    before = (folder / "cow/1.jpg").stat().st_ino
    assert unpacked(file.rename(tmp_path / "b.zip"), tmp_path / "home") == folder
    assert (folder / "cow/1.jpg").stat().st_ino == before
    assert [path.name for path in (tmp_path / "home").iterdir()] == [folder.name] and len(folder.name) == 16


def test_one_folder_that_holds_all_the_rest_is_entered(tmp_path: Path) -> None:
    assert held(unpacked(packed(tmp_path / "a.zip", "set/v1/cow/1.jpg", "set/v1/elk/1.jpg"), tmp_path)) == [
        "cow/1.jpg",
        "elk/1.jpg",
    ]
    assert held(unpacked(packed(tmp_path / "b.zip", "set/a.jpg", "set/labels.csv"), tmp_path)) == [
        "a.jpg",
        "labels.csv",
    ]
    assert held(unpacked(packed(tmp_path / "c.zip", "cow/1.jpg", "cow/2.jpg"), tmp_path)) == [
        "cow/1.jpg",
        "cow/2.jpg",
    ]


@pytest.mark.parametrize("name", ["forêt/é.jpg", "森/鹿.jpg", "🐞/a b .jpg", "dots../x..jpg"])
@pytest.mark.parametrize("flag", [True, False])
def test_names_in_any_language_survive_with_and_without_the_utf8_flag(
    name: str, flag: bool, tmp_path: Path
) -> None:
    file = packed(tmp_path / "a.zip", name, "other/x.jpg")
    if not flag:
        content = bytearray(file.read_bytes())
        for mark, place in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
            content[content.index(mark) + place] &= ~0x08
        file.write_bytes(content)
    assert held(unpacked(file, tmp_path / "home")) == sorted([name, "other/x.jpg"])


def test_backslashes_divide_folders(tmp_path: Path) -> None:
    assert "cow/1.jpg" in held(
        unpacked(packed(tmp_path / "a.zip", "cow\\1.jpg", "elk\\1.jpg"), tmp_path / "home")
    )


HOSTILE = [
    "../evil.jpg",
    "a/../../evil.jpg",
    "/evil.jpg",
    "\\evil.jpg",
    "..\\evil.jpg",
    "C:\\evil.jpg",
    "C:evil.jpg",
    "../",
    "a/.. /.. /evil.jpg",
    "a/.../evil.jpg",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_lead_elsewhere_are_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    file = packed(tmp_path / "a.zip", "cow/1.jpg", name)
    with pytest.raises(DataError, match="not safe"):
        unpacked(file, tmp_path / "in" / "home")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_what_is_no_plain_file_is_refused(kind: int, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("cow/link.jpg")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="not safe"):
        unpacked(tmp_path / "a.zip", tmp_path / "home")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="twice"):
        unpacked(packed(tmp_path / "a.zip", "cow/1.jpg", "cow/./1.jpg"), tmp_path / "home")


def test_a_file_in_the_way_of_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot write"):
        unpacked(packed(tmp_path / "a.zip", "cow", "cow/1.jpg"), tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="other names"):
        unpacked(packed(tmp_path / "a.zip", "cow/" + "n" * 300 + ".jpg"), tmp_path / "home")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (ArchiveLimits(files=2), "3 files"),
        (ArchiveLimits(unpacked=100), "GB"),
        (ArchiveLimits(ratio=5, free=100), "GB"),
    ],
)
def test_archives_beyond_the_limits_are_refused(limits: ArchiveLimits, words: str, tmp_path: Path) -> None:
    names = ("a/1.jpg", "b/2.jpg", "c/3.jpg")
    file = packed(tmp_path / "a.zip", *names, content=b"0" * 5000, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match=words):
        unpacked(file, tmp_path / "home", limits)
    assert not (tmp_path / "home").exists()


def encrypted(content: bytearray) -> bytearray:
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return content


def otherwise_packed(content: bytearray) -> bytearray:
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + place] = 97
    return content


def bent(content: bytearray) -> bytearray:
    content[content.index(b"the very photo")] ^= 1
    return content


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (encrypted, "encrypted"),
        (otherwise_packed, "cannot be read"),
        (bent, "damaged"),
        (lambda content: content[:-30], "damaged"),
        (lambda content: bytearray(b"no zip at all"), "damaged"),
    ],
)
def test_archives_that_cannot_be_read_are_told_and_leave_nothing(
    spoil: Callable[[bytearray], bytearray], words: str, tmp_path: Path
) -> None:
    file = packed(tmp_path / "a.zip", "cow/1.jpg", content=b"the very photo")
    file.write_bytes(spoil(bytearray(file.read_bytes())))
    with pytest.raises(DataError, match=words):
        unpacked(file, tmp_path / "home")
    assert not [path for path in (tmp_path / "home").glob("*")]


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OutputError, match="no room"):
        unpacked(packed(tmp_path / "a.zip", "cow/1.jpg", content=b"0" * 50), tmp_path / "home")


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(OutputError):
        unpacked(packed(tmp_path / "a.zip", "cow/1.jpg"), tmp_path / "home")


def test_what_a_killed_run_left_is_swept_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".old-x.part", 90_000), (".new-x.part", 10)):
        (tmp_path / "home" / name).mkdir(parents=True)
        moment = (tmp_path / "home").stat().st_mtime - age
        os.utime(tmp_path / "home" / name, (moment, moment))
    unpacked(packed(tmp_path / "a.zip", "cow/1.jpg", "elk/1.jpg"), tmp_path / "home")
    assert not (tmp_path / "home/.old-x.part").exists() and (tmp_path / "home/.new-x.part").exists()


@pytest.mark.parametrize(
    "name", ["a/C:evil.jpg", "a/b.jpg:stream", "12:30.jpg", "a/\x1b[2J.jpg", "a/x\n.jpg", "a/\u202egpj.exe"]
)
def test_a_colon_or_a_control_character_anywhere_in_a_name_is_refused(name: str, tmp_path: Path) -> None:
    file = packed(tmp_path / "a.zip", "cow/1.jpg", name)
    with pytest.raises(DataError, match="colon or a control character") as caught:
        unpacked(file, tmp_path / "home")
    assert str(caught.value).isprintable()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("place", [12, 40, 200])
def test_damaged_members_are_damage_of_the_archive_however_they_are_packed(
    method: int, place: int, tmp_path: Path
) -> None:
    content = os.urandom(5000)
    file = packed(tmp_path / "a.zip", "cow.jpg", content=content, compression=method)
    spoilt = bytearray(file.read_bytes())
    spoilt[30 + 7 + place : 30 + 7 + place + 60] = b"\xff" * 60
    file.write_bytes(spoilt)
    with pytest.raises(DataError, match="is damaged"):
        unpacked(file, tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_disk_that_fills_up_meanwhile_is_told_as_the_disks_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def write(self, chunk: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive_module, "_created", lambda *_: Full())
    with pytest.raises(OutputError, match="full"):
        unpacked(packed(tmp_path / "a.zip", "cow/1.jpg"), tmp_path / "home")
