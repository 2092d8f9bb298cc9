from __future__ import annotations

import resource
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from taxolens.core.errors import ImageError
from taxolens.imaging import video
from taxolens.imaging.video import Frame, opened_clip
from tests.unit.imaging.clips import CODECS, RATE, flat, write_clip

pytest.importorskip("av")
RED, GREEN, BLUE = (200, 30, 30), (30, 180, 30), (30, 30, 200)
COLOURS = [RED] * 8 + [GREEN] * 8 + [BLUE] * 8


def frames(path: Path, *, every: float = 1.0, most: int = 60, max_megapixels: float = 150.0) -> list[Frame]:
    with opened_clip(path, max_megapixels=max_megapixels) as clip:
        return list(clip.frames(every=every, most=most))


def fault(path: Path, **asked: float) -> ImageError:
    with pytest.raises(ImageError) as caught:
        frames(path, **asked)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("suffix", CODECS)
def test_every_container_gives_a_frame_each_second_in_its_colours(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", map(flat, COLOURS))
    found = frames(path)
    assert [(one.number, one.seconds) for one in found] == [(0, 0.0), (8, 1.0), (16, 2.0)]
    for one, colour in zip(found, (RED, GREEN, BLUE), strict=True):
        assert one.pixels.shape == (48, 64, 3)
        assert one.pixels.reshape(-1, 3).mean(0) == pytest.approx(colour, abs=14)


@pytest.mark.parametrize(
    ("every", "most", "numbers"),
    [(0.5, 60, [0, 4, 8, 12, 16, 20]), (1.0, 2, [0, 8]), (10.0, 60, [0]), (0.01, 5, [0, 1, 2, 3, 4])],
)
def test_frames_follow_seconds_up_to_a_number(
    tmp_path: Path, every: float, most: int, numbers: list[int]
) -> None:
    path = write_clip(tmp_path / "clip.mp4", map(flat, COLOURS))
    assert [one.number for one in frames(path, every=every, most=most)] == numbers


def test_times_are_those_of_the_frames_where_the_rate_changes(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 2.0, 2.1, 2.2, 5.0, 5.1, 6.3]
    path = write_clip(tmp_path / "clip.mkv", [flat(RED)] * 10, times=times)
    assert [(one.number, one.seconds) for one in frames(path)] == [(0, 0.0), (4, 2.0), (7, 5.0), (9, 6.3)]


def test_the_container_tells_rate_time_and_size(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "clip.mp4", map(flat, COLOURS), tags={"creation_time": "2026-05-01T06:15:00Z"}
    )
    with opened_clip(path) as clip:
        assert clip.frame_rate == RATE
        assert clip.metadata.taken == datetime(2026, 5, 1, 6, 15)
        assert (clip.metadata.width, clip.metadata.height) == (64, 48)


def test_the_time_of_digitising_in_avi_is_read(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", map(flat, COLOURS))
    data = bytearray(path.read_bytes())
    told = b"Fri May 01 06:15:00 2026\n\0"
    chunk = b"IDIT" + struct.pack("<I", len(told)) + told
    (length,) = struct.unpack_from("<I", data, 16)  # of the list "hdrl", which comes first
    data[20 + length : 20 + length] = chunk
    struct.pack_into("<I", data, 16, length + len(chunk))
    struct.pack_into("<I", data, 4, len(data) - 8)
    path.write_bytes(data)
    with opened_clip(path) as clip:
        assert clip.metadata.taken == datetime(2026, 5, 1, 6, 15)


def test_a_clip_filmed_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    half = flat(GREEN)
    half[:, :32] = RED  # the left half, which a quarter turn clockwise brings to the top
    path = write_clip(tmp_path / "clip.mp4", [half] * 8)
    plain = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 48 << 16, 0, 0x40000000)
    data = path.read_bytes()
    place = data.index(plain, data.index(b"tkhd"))
    path.write_bytes(data[:place] + turned + data[place + 36 :])
    (one,) = frames(path)
    assert one.pixels.shape == (64, 48, 3)
    assert one.pixels[:20].reshape(-1, 3).mean(0) == pytest.approx(RED, abs=14)


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".webm", ".mov"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_clip_cut_short_is_a_fault_whose_reason_is_told(tmp_path: Path, suffix: str, share: float) -> None:
    rng = np.random.default_rng(0)
    noisy = [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(24)]
    path = write_clip(tmp_path / f"clip{suffix}", noisy)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    told = fault(path)
    assert told.code in ("damaged", "empty")
    assert told.told()


def test_what_is_no_clip_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no clip at all\n" * 100)
    (tmp_path / "void.mp4").write_bytes(b"")
    (tmp_path / "dir.mp4").mkdir()
    codes = [fault(tmp_path / name).code for name in ("text.mp4", "void.mp4", "dir.mp4", "none.mp4")]
    assert codes == ["not_an_image", "empty", "unreadable", "missing"]


def test_playlists_open_no_other_file(tmp_path: Path) -> None:
    write_clip(tmp_path / "secret.mp4", [flat(RED)] * 8)
    (tmp_path / "hls.mp4").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile secret.mp4\n")
    assert {fault(tmp_path / name).code for name in ("hls.mp4", "list.mp4")} == {"not_an_image"}


def test_names_that_look_like_addresses_are_files(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [flat(RED)] * 8)
    odd = path.rename(tmp_path / "http:é 'x'.mp4")
    assert len(frames(odd)) == 1


def test_more_pixels_than_allowed_are_refused_before_any_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "clip.mp4", [flat(RED, (640, 480))] * 8)
    monkeypatch.setattr(video.Clip, "_decoded", lambda self: pytest.fail("decoded"))
    assert fault(path, max_megapixels=0.3).code == "too_large"


def test_a_header_that_lies_about_its_size_is_a_fault(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", [flat(RED)] * 8)
    data = bytearray(path.read_bytes())
    frame = -1
    while (frame := data.find(b"\xff\xc0", frame + 1)) >= 0:
        data[frame + 5 : frame + 9] = struct.pack(">HH", 16_000, 16_000)
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fault(path).code in ("too_large", "damaged")
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    )  # kB; a picture would take 768 MB


def test_frames_without_end_cost_no_more_than_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "clip.mp4", map(flat, COLOURS))
    with opened_clip(path) as clip:
        (first, *_) = list(clip._decoded())

    def forever(self: video.Clip):  # type: ignore[no-untyped-def]
        while True:
            yield first  # its time never goes on

    monkeypatch.setattr(video.Clip, "_decoded", forever)
    assert [one.number for one in frames(path, every=1.0, most=5)] == [0]


def test_without_the_library_the_fault_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "clip.mp4", [flat(RED)] * 8)
    monkeypatch.setattr(video, "_library", lambda: None)
    told = fault(path)
    assert (told.code, "taxolens[video]" in told.told()) == ("unsupported", True)
