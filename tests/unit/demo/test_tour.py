from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import OutputError, UsageError
from taxolens.core.progress import Silent
from taxolens.core.texts import plain
from taxolens.demo import tour
from taxolens.demo.dataset import DrawnSet
from taxolens.demo.tour import TourRecipe, draw_photos


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tour, "_NEW", 3)


def drawn(out: Path, seed: int = 0) -> DrawnSet:
    return draw_photos(TourRecipe(out=out, seed=seed, per_class=1), progress=Silent(), say=plain)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_demonstration_that_is_repeated_draws_the_same_photos_again(tmp_path: Path) -> None:
    drawn(tmp_path / "demo")
    before = files(tmp_path / "demo")
    drawn(tmp_path / "demo", seed=1)
    assert files(tmp_path / "demo") != before
    drawn(tmp_path / "demo")
    assert files(tmp_path / "demo") == before


def test_files_that_people_put_into_a_demonstration_stay(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    drawn(out)
    own = [out / "photos" / "my garden" / "ant.jpg", out / "card" / "IMG_MINE.JPG", out / "notes.txt"]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    drawn(out)
    assert [path.read_bytes() for path in own] == [b"mine"] * 3


@pytest.mark.parametrize("place", ["photos", "card"])
def test_photos_of_others_in_a_demonstrations_place_are_refused_and_stay(tmp_path: Path, place: str) -> None:
    out = tmp_path / "demo"
    drawn(out)
    (out / place / ".taxolens-drawn").unlink()
    before = files(out / place)
    with pytest.raises(UsageError, match="holds files already"):
        drawn(out)
    assert files(out / place) == before


def test_a_folder_that_no_demonstration_made_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "holiday" / "photos").mkdir(parents=True)
    (tmp_path / "holiday" / "photos" / "beach.jpg").write_bytes(b"sand")
    with pytest.raises(UsageError, match="holds other things"):
        drawn(tmp_path / "holiday")
    assert files(tmp_path / "holiday") == {"photos/beach.jpg": b"sand"}
    with pytest.raises(UsageError, match="holds other things"):
        drawn(tmp_path / "holiday" / "photos" / "beach.jpg")


def test_a_demonstration_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        drawn(tmp_path / "file" / "demo")
