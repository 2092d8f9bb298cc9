"""Finding photos in folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from taxolens.core.errors import UsageError
from taxolens.storage.photos import LeftOut, walk_inside, walk_photos


def touch(root: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in walk_photos(root)]


def test_photos_come_by_name_first_a_folders_own_then_those_of_its_folders(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.jpg", "b/1.JPEG", "z.png", "a/deep/er/é 中 🐞..webp", "a.tif")
    assert found(tmp_path) == ["a.tif", "z.png", "a/deep/er/é 中 🐞..webp", "b/1.JPEG", "b/2.jpg"]


def test_what_is_no_photo_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "labels.csv", "x.json", "film.MP4", "raw.CR2", ".hidden.jpg", "._a.jpg")
    touch(tmp_path, "__MACOSX/a.jpg", ".git/a.jpg", "results.taxolens/a.jpg", "strange.xyz")
    assert found(tmp_path) == []


def test_an_unknown_suffix_is_a_photo_when_its_first_bytes_say_so(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "picture.001", "PNG")
    Image.new("RGB", (4, 4)).save(tmp_path / "no_suffix", "JPEG")
    assert found(tmp_path) == ["no_suffix", "picture.001"]


def test_a_broken_file_with_a_photos_name_is_not_lost(tmp_path: Path) -> None:
    touch(tmp_path, "empty.jpg", content=b"")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert found(tmp_path) == ["empty.jpg", "gone.jpg"]


def test_a_pipe_named_like_a_photo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe")
    assert found(tmp_path) == []


def test_a_single_file_is_itself(tmp_path: Path) -> None:
    touch(tmp_path, "one.jpg")
    assert list(walk_photos(tmp_path / "one.jpg")) == [tmp_path / "one.jpg"]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert list(walk_photos(tmp_path / "absent")) == []


def test_linked_folders_are_entered_once_and_never_in_a_circle(tmp_path: Path) -> None:
    touch(tmp_path, "photos/cow/1.jpg", "elsewhere/2.jpg")
    (tmp_path / "photos/cow/up").symlink_to(tmp_path / "photos")
    (tmp_path / "photos/other").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos/another").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "photos" / "cow")
    assert found(tmp_path / "photos").count("cow/1.jpg") == 1
    assert [name for name in found(tmp_path / "photos") if name.endswith("2.jpg")] == ["another/2.jpg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "closed/1.jpg")
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(UsageError, match="closed"):
            found(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_a_name_that_is_no_utf8_is_found(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/for\xeat.jpg"
    Path(os.fsdecode(name)).write_bytes(b"x")
    assert [os.fsencode(path) for path in walk_photos(tmp_path)] == [name]


def test_clips_are_found_where_they_are_asked_for_and_keep_their_order(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "b.MP4",
        "a.jpg",
        "c.png",
        "d/film.mkv",
        "d/._film.mkv",
        ".hidden.avi",
        "d/film.mts",
        "d/film.thm",
    )
    left_out: list[LeftOut] = []
    walked = list(walk_inside(tmp_path, lambda why, path: left_out.append(why), clips=True))
    assert [Path(path).relative_to(tmp_path).as_posix() for path in walked] == [
        "a.jpg",
        "b.MP4",
        "c.png",
        "d/film.mkv",
    ]
    assert left_out == [LeftOut.RESOURCE]
    assert found(tmp_path) == ["a.jpg", "c.png"]


def test_a_pipe_named_like_a_clip_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert list(walk_inside(tmp_path, lambda why, path: None, clips=True)) == []
