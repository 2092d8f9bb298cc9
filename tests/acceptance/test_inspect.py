"""`taxolens inspect` from outside: what is planted in a data set is found, shown and listed."""

from __future__ import annotations

import html
import json
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.acceptance.conftest import Command, rows_of
from tests.conftest import write_class_folders

PARTS = ("train", "val", "test")
SHARES = (0.7, 0.15, 0.15)


@dataclass
class Mess:
    """What was planted where, by the names that the data set gives its photos."""

    folder: Path
    swapped: dict[str, str] = field(default_factory=dict)
    copies: list[tuple[str, str]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


def planted(
    photos: dict[str, list[Path]], folder: Path, *, swaps: int, copies: int, broken: int, rare: str
) -> Mess:
    """Parts of a split with wrong labels, copies across parts and broken files.

    Half of the copies are byte for byte, half are saved anew at another quality.
    """
    random, mess = np.random.default_rng(5), Mess(folder)
    common = [label for label in photos if label != rare]
    placed: dict[str, list[str]] = {part: [] for part in PARTS}
    for label, files in photos.items():
        for file in files:
            part = PARTS[random.choice(3, p=SHARES)]
            placed[part].append(put(file, folder, part, label))
    clean = [name for part in PARTS for name in placed[part] if name.split("/")[1] in common]
    random.shuffle(clean)
    for _ in range(swaps):
        old = clean.pop()
        part, label, name = old.split("/")
        other = str(random.choice([one for one in common if one != label]))
        new = f"{part}/{other}/{name}"
        (folder / old).rename(folder / new)
        mess.swapped[new] = label
    for number in range(copies):
        mess.copies.append(copied(folder, clean.pop(), number))
    for number in range(broken):
        name = clean.pop()
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 3] if number % 2 else b"no photo at all")
        mess.broken.add(name)
    return mess


def put(file: Path, folder: Path, part: str, label: str) -> str:
    name = f"{part}/{label}/{file.parent.name}-{file.stem}.jpg"  # two classes may use one file name
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    return name


def copied(folder: Path, name: str, number: int) -> tuple[str, str]:
    part, label, _ = name.split("/")
    elsewhere = PARTS[(PARTS.index(part) + 1) % 3]
    copy = f"{elsewhere}/{label}/copy_{number:02d}.jpg"
    (folder / copy).parent.mkdir(parents=True, exist_ok=True)
    if number % 2:
        with Image.open(folder / name) as picture:
            picture.convert("RGB").save(folder / copy, quality=70)
    else:
        shutil.copyfile(folder / name, folder / copy)
    return name, copy


def found_pairs(document: dict[str, Any]) -> set[frozenset[str]]:
    """All pairs of photos that stand in one group of copies across parts."""
    groups = [group["files"] for group in document["duplicates"] if group["parts_differ"]]
    return {frozenset((one, two)) for files in groups for one in files for two in files if one != two}


def check_found(mess: Mess, document: dict[str, Any], *, least_swaps: int, among: int) -> None:
    assert {one["file"] for one in document["failures"]} == mess.broken
    missed = [pair for pair in mess.copies if frozenset(pair) not in found_pairs(document)]
    assert missed == []
    suspects = document["suspects"][:among]
    hits = [one for one in suspects if mess.swapped.get(one["file"]) == one["suggested"]]
    assert len(hits) >= least_swaps, [one["file"] for one in suspects]


@pytest.fixture(scope="module")
def drawn_mess(tmp_path_factory: pytest.TempPathFactory) -> Mess:
    """Stripes, with one class that is ten times rarer than the others."""
    source = write_class_folders(tmp_path_factory.mktemp("clean") / "stripes", per_class=40, seed=3)
    photos = {folder.name: sorted(folder.iterdir()) for folder in sorted(source.iterdir())}
    photos["slanted"] = photos["slanted"][:4]
    return planted(
        photos, tmp_path_factory.mktemp("mess") / "mess", swaps=4, copies=6, broken=3, rare="slanted"
    )


@dataclass(frozen=True)
class Inspected:
    """What an inspection left."""

    code: int
    out: str
    err: str
    page: str
    document: dict[str, Any]
    problems: list[dict[str, str]]


def inspected(taxolens: Command, data: Path, folder: Path, *options: object, lang: str = "en") -> Inspected:
    page, figures, table = folder / "page.html", folder / "figures.json", folder / "problems.csv"
    outcome = taxolens(
        *("inspect", data, "--report", page, "--json", figures, "--list", table, *options), lang=lang
    )
    assert outcome.code in (0, 3), outcome.err
    return Inspected(
        outcome.code,
        outcome.out,
        outcome.err,
        page.read_text(encoding="utf-8"),
        json.loads(figures.read_text(encoding="utf-8")),
        rows_of(table),
    )


@pytest.fixture(scope="module")
def messy(taxolens: Command, drawn_mess: Mess, tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    """The inspection of the drawn mess."""
    return inspected(taxolens, drawn_mess.folder, tmp_path_factory.mktemp("inspected"))


def test_a_planted_mess_is_found(messy: Inspected, drawn_mess: Mess) -> None:
    assert messy.code == 3
    check_found(drawn_mess, messy.document, least_swaps=3, among=8)
    assert messy.document["imbalance"]["ratio"] >= 9


def test_every_problem_is_a_row_of_the_table(messy: Inspected, drawn_mess: Mess) -> None:
    kinds = {(row["kind"], row["file"]) for row in messy.problems}
    assert {file for kind, file in kinds if kind == "unreadable"} == drawn_mess.broken
    listed = {file for kind, file in kinds if kind in ("duplicate", "near_duplicate")}
    assert {file for pair in drawn_mess.copies for file in pair} <= listed
    wrong = {file for kind, file in kinds if kind == "likely_wrong_label"}
    assert len(wrong & drawn_mess.swapped.keys()) >= 3


def test_the_page_says_first_what_to_do_first(messy: Inspected) -> None:
    assert messy.page.index('id="overview"') < messy.page.index('id="counts"')
    for anchor in ("counts", "looks", "problems", "copies", "labels", "background", "feasibility", "map"):
        assert f'id="{anchor}"' in messy.page, anchor


def test_the_terminal_tells_the_outcome_in_a_few_lines(messy: Inspected) -> None:
    lines = messy.out.strip().splitlines()
    assert 3 <= len(lines) <= 14
    assert "Traceback" not in messy.err


def test_the_photos_are_as_they_were(taxolens: Command, drawn_mess: Mess, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in drawn_mess.folder.rglob("*")}
    inspected(taxolens, drawn_mess.folder, tmp_path, "--no-embed", "--quiet")
    assert {file: file.stat().st_mtime_ns for file in drawn_mess.folder.rglob("*")} == before


def test_without_a_backbone_files_and_pixels_are_judged_alone(
    taxolens: Command, drawn_mess: Mess, tmp_path: Path
) -> None:
    found = inspected(taxolens, drawn_mess.folder, tmp_path, "--no-embed")
    assert found.document["feasibility"] is None
    assert found.document["suspects"] == []
    assert 'id="feasibility"' not in found.page
    exact = [pair for number, pair in enumerate(drawn_mess.copies) if number % 2 == 0]
    assert all(frozenset(pair) in found_pairs(found.document) for pair in exact)


def test_the_same_seed_gives_the_same_figures(
    taxolens: Command, drawn_mess: Mess, messy: Inspected, tmp_path: Path
) -> None:
    again = inspected(taxolens, drawn_mess.folder, tmp_path).document
    for key in ("classes", "duplicates", "suspects", "feasibility", "background"):
        assert again[key] == messy.document[key], key


def test_the_page_speaks_french(taxolens: Command, class_folders: Path, tmp_path: Path) -> None:
    found = inspected(taxolens, class_folders, tmp_path, "--map", "tsne", lang="fr")
    assert found.code == 0
    assert '<html lang="fr">' in found.page
    assert "Ce qu'il faut faire d'abord" in html.unescape(found.page)


def test_a_place_that_cannot_be_written_is_told_before_the_work(
    taxolens: Command, class_folders: Path, tmp_path: Path
) -> None:
    outcome = taxolens("inspect", class_folders, "--report", tmp_path / "no" / "page.html")
    assert outcome.code == 2
    assert len(outcome.err.strip().splitlines()) == 1
    outcome = taxolens("inspect", class_folders, "--report", tmp_path / "a", "--json", tmp_path / "a")
    assert outcome.code == 2


def test_what_lies_among_the_photos_is_not_written_over_but_for_what_an_inspection_wrote(
    taxolens: Command, class_folders: Path, tmp_path: Path
) -> None:
    data = tmp_path / "photos"
    shutil.copytree(class_folders, data)
    labels = data / "labels.csv"
    labels.write_text("file,label\n")
    photo = next(data.rglob("*.jpg"))
    before = photo.read_bytes()
    for option, place in (("--list", labels), ("--json", labels), ("--report", photo)):
        outcome = taxolens("inspect", data, "--no-embed", option, place)
        assert outcome.code == 2 and "no inspection wrote it" in outcome.err
    assert labels.read_text() == "file,label\n" and photo.read_bytes() == before
    labels.unlink()
    places = ("--list", data / "problems.csv", "--json", data / "found.json", "--report", data / "page.html")
    for _ in range(2):
        assert taxolens("inspect", data, "--no-embed", *places).code == 0


@pytest.mark.parametrize(
    "options", [("--map", "umap"), ("--sample", "3"), ("--backbone", "nothing"), ("--seed", "-1")]
)
def test_options_that_cannot_be_meant_are_refused_in_a_sentence(
    taxolens: Command, class_folders: Path, options: tuple[str, ...]
) -> None:
    outcome = taxolens("inspect", class_folders, *options, "--quiet")
    assert outcome.code == 2
    assert "Traceback" not in outcome.err and outcome.err.strip()


def test_a_single_class_is_inspected_without_a_study(
    taxolens: Command, class_folders: Path, tmp_path: Path
) -> None:
    one = tmp_path / "one"
    shutil.copytree(class_folders / "down", one / "down")
    found = inspected(taxolens, one, tmp_path)
    assert found.code == 0
    assert found.document["classes"] == {"down": 24}
    assert found.document["feasibility"] is None


@pytest.mark.slow
@pytest.mark.shared_data
def test_a_mess_planted_in_real_photos_is_found(taxolens: Command, shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "leaves8" / "leaves8_train.zip") as archive:
        archive.extractall(tmp_path / "leaves")
    wanted = {"Apple_healthy": 100, "Grape_Esca": 100, "Grape_spot": 95, "Apple_rust": 5}
    found = {folder.name: folder for folder in (tmp_path / "leaves").rglob("*") if folder.name in wanted}
    photos = {label: sorted(found[label].glob("*.[jJ]*"))[:count] for label, count in wanted.items()}
    mess = planted(photos, tmp_path / "mess", swaps=15, copies=20, broken=5, rare="Apple_rust")
    result = inspected(taxolens, mess.folder, tmp_path)
    check_found(mess, result.document, least_swaps=12, among=30)
    assert result.document["imbalance"]["ratio"] >= 15
    assert len(result.page) < 6_000_000
