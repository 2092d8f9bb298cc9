from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.organise import OrganiseRecipe, UndoRecipe
from taxolens.workflows import organise_undo
from taxolens.workflows.organise import organise
from taxolens.workflows.organise_undo import UndoSummary, undo
from tests.unit.workflows.sorted_photos import digests, fox, photo, seen, tree, write_detections


@pytest.fixture
def card(tmp_path: Path) -> Path:
    for number in range(4):
        photo(tmp_path / "card" / f"{number}.jpg", seed=number)
    return tmp_path / "card"


@pytest.fixture
def out(card: Path) -> Path:
    """Copies of three foxes and a blank."""
    return sort(card)


def sort(card: Path, *, link: bool = False) -> Path:
    images = [fox("0.jpg"), fox("1.jpg"), fox("2.jpg"), seen("3.jpg")]
    results = write_detections(card.with_name("md.json"), *images)
    organise(OrganiseRecipe(results, card.with_name("out"), photos=card, link=link))
    return card.with_name("out")


def counts(summary: UndoSummary) -> tuple[int, int, int, int]:
    return summary.removed, summary.gone, summary.changed, summary.last


def test_everything_that_was_written_goes_and_the_folder_with_it(out: Path, card: Path) -> None:
    before = digests(card)
    assert counts(undo(UndoRecipe(out))) == (4, 0, 0, 0)
    assert not out.exists()
    assert digests(card) == before


def test_a_folder_that_was_there_before_stays(card: Path) -> None:
    card.with_name("out").mkdir()
    out = sort(card)
    undo(UndoRecipe(out))
    assert out.is_dir()
    assert not list(out.iterdir())


def test_what_others_put_there_and_what_was_changed_stays(out: Path) -> None:
    (out / "red fox" / "mine.txt").write_text("mine")
    (out / "notes").mkdir()
    same_size = bytearray((out / "red fox" / "0.jpg").read_bytes())
    same_size[-3] ^= 1
    (out / "red fox" / "0.jpg").write_bytes(same_size)
    (out / "red fox" / "1.jpg").unlink()
    (out / "red fox" / "1.jpg").symlink_to(out / "red fox" / "mine.txt")
    (out / "red fox" / "2.jpg").unlink()
    summary = undo(UndoRecipe(out))
    assert counts(summary) == (1, 1, 2, 0)
    assert sorted(summary.kept) == ["red fox/0.jpg", "red fox/1.jpg"]
    assert tree(out) == ["red fox/0.jpg", "red fox/1.jpg", "red fox/mine.txt"]
    assert (out / "notes").is_dir()
    assert not (out / "organised.csv").exists()
    assert not (out / "organised.taxolens").exists()
    with pytest.raises(UsageError, match="holds nothing that taxolens organise wrote"):
        undo(UndoRecipe(out))


def test_a_copy_that_was_only_touched_is_not_changed(out: Path) -> None:
    (out / "red fox" / "0.jpg").touch()
    assert counts(undo(UndoRecipe(out))) == (4, 0, 0, 0)


def test_the_last_picture_is_kept_until_its_original_is_back(out: Path, card: Path) -> None:
    (card / "0.jpg").rename(card.with_name("0.jpg"))
    photo(card / "1.jpg", seed=99).write_bytes(b"another photo of this name")
    summary = undo(UndoRecipe(out))
    assert counts(summary) == (2, 0, 0, 2)
    assert tree(out) == ["red fox/0.jpg", "red fox/1.jpg"]
    card.with_name("0.jpg").rename(card / "0.jpg")
    shutil.copy(out / "red fox" / "1.jpg", card / "1.jpg")
    assert counts(undo(UndoRecipe(out))) == (2, 0, 0, 0)
    assert not out.exists()


def test_a_link_goes_only_while_the_original_has_its_own_name(card: Path) -> None:
    out = sort(card, link=True)
    (card / "0.jpg").unlink()
    (card / "1.jpg").unlink()
    photo(card / "1.jpg", seed=5)
    before = (out / "red fox" / "0.jpg").read_bytes()
    assert counts(undo(UndoRecipe(out))) == (2, 0, 1, 1)
    assert (out / "red fox" / "0.jpg").read_bytes() == before


def test_a_dry_run_removes_nothing(out: Path) -> None:
    before = digests(out)
    assert counts(undo(UndoRecipe(out, dry_run=True))) == (4, 0, 0, 0)
    assert digests(out) == before


def test_a_way_back_that_was_stopped_goes_on(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(organise_undo._Undo, "tidy", stop)
        with pytest.raises(KeyboardInterrupt):
            undo(UndoRecipe(out))
    assert counts(undo(UndoRecipe(out))) == (0, 4, 0, 0)
    assert not out.exists()


@pytest.mark.parametrize("name", ["../card/3.jpg", "linked/3.jpg", "{card}/3.jpg"])
def test_a_list_written_by_hand_removes_nothing_elsewhere(out: Path, card: Path, name: str) -> None:
    file = out / "organised.csv"
    (out / "linked").symlink_to(card)
    row = next(line for line in file.read_text().splitlines() if line.startswith("blank/"))
    file.write_text(file.read_text() + row.replace("blank/3.jpg", name.format(card=card)) + "\n")
    before = digests(card)
    assert counts(undo(UndoRecipe(out))) == (4, 0, 1, 0)
    assert digests(card) == before


def test_a_folder_without_a_list_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="Name the folder that was its --out"):
            undo(UndoRecipe(folder))
