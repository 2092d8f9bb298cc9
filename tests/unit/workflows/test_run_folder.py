from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.workflows.run_folder import RECIPE, run_folder


def finished(out: Path, text: str, *, overwrite: bool = False) -> None:
    with run_folder(out, overwrite=overwrite) as folder:
        (folder / RECIPE).write_text(text, encoding="utf-8")


def left(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_run_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(ZeroDivisionError), run_folder(out, overwrite=False) as folder:
        (folder / RECIPE).touch()
        assert not out.exists()
        _ = 1 / 0
    assert left(tmp_path) == []
    finished(out, "one")
    assert left(tmp_path) == ["run"]


def test_a_run_is_replaced_only_when_asked_and_then_as_a_whole(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    (out / "more").touch()
    with pytest.raises(UsageError, match="--overwrite"):
        finished(out, "two")
    finished(out, "two", overwrite=True)
    assert left(out) == [RECIPE] and (out / RECIPE).read_text() == "two"
    assert left(tmp_path) == ["run"]


def test_a_failed_replacement_keeps_the_old_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    finished(out, "one")
    with pytest.raises(ZeroDivisionError), run_folder(out, overwrite=True):
        _ = 1 / 0
    assert (out / RECIPE).read_text() == "one"


def test_other_peoples_folders_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").touch()
    with pytest.raises(UsageError, match="holds other things"):
        finished(tmp_path / "holiday", "one", overwrite=True)
    with pytest.raises(UsageError, match="is a file"):
        finished(tmp_path / "holiday" / "beach.jpg", "one")
    assert left(tmp_path / "holiday") == ["beach.jpg"]
