"""The files of folders and archives, hostile ones refused."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.formats.archive import ArchiveLimits
from taxolens.formats.members import members

FILES = {"a/1.jpg": b"one", "a/b/2.jpg": b"two" * 1000, "list.txt": b"", ".hidden/3.jpg": b"3"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(data)
    return tmp_path / "set"


def tar(path: Path, *entries: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for entry in entries:
            info, data = entry if isinstance(entry, tuple) else (entry, b"")
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar", "bztar", "xztar"])
def test_a_folder_and_its_archives_hold_the_same(kind: str, folder: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "packed"), kind, folder))
    visible = {name: data for name, data in FILES.items() if not name.startswith(".")}
    assert {one.place.as_posix(): one.read() for one in members(archive)} == visible
    assert all(one.size == len(FILES[one.place.as_posix()]) for one in members(archive))
    assert {one.place.as_posix(): one.read() for one in members(folder)} == visible


def test_any_other_file_is_its_own_member(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    (one,) = members(tmp_path / "a.json")
    assert (one.place.as_posix(), one.read()) == ("a.json", b"{}")


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "entry",
    [
        ("../out.jpg", b"x"),
        ("/etc/passwd", b"x"),
        ("a/../../out.jpg", b"x"),
        ("a\\..\\..\\out.jpg", b"x"),
        ("C:out.jpg", b"x"),
        special("link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard.jpg", tarfile.LNKTYPE, "../out.jpg"),
        special("device", tarfile.CHRTYPE),
        special("pipe", tarfile.FIFOTYPE),
    ],
)
def test_a_tar_that_leads_outside_is_refused(
    entry: tarfile.TarInfo | tuple[str, bytes], tmp_path: Path
) -> None:
    archive = tar(tmp_path / "hostile.tar", ("fine.jpg", b"1"), entry)
    with pytest.raises(DataError, match="not safe to unpack"):
        list(members(archive))


def test_a_zip_that_leads_outside_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w") as archive:
        archive.writestr("../out.jpg", "x")
    with pytest.raises(DataError, match="not safe to unpack"):
        list(members(tmp_path / "hostile.zip"))


def test_bombs_and_hordes_of_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    bomb = tar(tmp_path / "bomb.tar.gz", ("zeros.jpg", bytes(20_000_000)), mode="w:gz")
    with pytest.raises(DataError, match="which no photos do"):
        list(members(bomb, ArchiveLimits(free=10_000_000)))
    many = tar(tmp_path / "many.tar", *((f"{n}.jpg", b"x") for n in range(20)))
    with pytest.raises(DataError, match="more than 10"):
        list(members(many, ArchiveLimits(files=10)))


@pytest.mark.parametrize("kind", ["tar", "gztar", "bztar", "xztar"])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_an_archive_that_was_cut_short_is_told(kind: str, share: float, folder: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "packed"), kind, folder))
    data = archive.read_bytes()
    archive.write_bytes(data[: int(share * len(data))])
    if kind == "tar" and share > 0.5:
        archive.write_bytes(data[: data.rindex(b"two") - 600])
    try:
        found = {one.place.as_posix(): one.read() for one in members(archive)}
    except DataError as error:
        assert "damaged" in error.told()
    else:  # cut so early that nothing shows it to be an archive, or between two files
        assert set(found) <= {*FILES, archive.name}


def test_what_macos_hides_beside_photos_is_passed_over_in_folders_too(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "a/._1.jpg", ".out.unfinished/a/1.jpg", "__MACOSX/a/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [one.place.as_posix() for one in members(tmp_path)] == ["a/1.jpg"]


@pytest.mark.parametrize("way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_damaged_file_in_a_zip_is_told_when_it_is_read(way: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", way) as archive:
        archive.writestr("a/1.jpg", bytes(range(256)) * 20)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[50:70] = bytes(20)
    (tmp_path / "a.zip").write_bytes(data)
    (one,) = members(tmp_path / "a.zip")
    with pytest.raises(DataError, match="damaged"):
        one.read()
