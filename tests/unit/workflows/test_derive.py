from __future__ import annotations

import csv
import dataclasses
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxolens.core.errors import DataError, UsageError
from taxolens.inference.segments import segments_in
from taxolens.recipes.derive import DeriveRecipe, OutputRecipe, RollUp
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.source import SequenceBy, SiteBy
from taxolens.workflows.derive import DeriveSummary, derive
from taxolens.workflows.identify import identify
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.workflows.stored_rows import fill, row

START = datetime(2026, 5, 1, 6, 0)


class Notes:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def track(self, items: Any, **_: Any) -> Any:
        yield from items

    def note(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    rows = [
        row("A/1.jpg", 0.5, 0.3, 0.1, 0.1, taken=START),
        row("A/2.jpg", 0.1, 0.1, 0.7, 0.1, taken=START + timedelta(minutes=10)),
        row("A/3.jpg", 0.05, 0.05, 0.1, 0.8, taken=START + timedelta(minutes=10, seconds=5)),
        row("B/1.jpg", 0.9, 0.04, 0.03, 0.03, taken=datetime(2000, 1, 1, 0, 5), camera="Acme One"),
        row("B/2.jpg", camera="Acme Two"),
    ]
    return fill(tmp_path / "results.csv", rows)


def done(
    results: Path, notes: Notes | None = None, **fields: Any
) -> tuple[DeriveSummary, list[dict[str, str]]]:
    out = results.with_name("derived.csv")
    summary = derive(DeriveRecipe(results, OutputRecipe(out), **fields), progress=notes)
    with out.open(encoding="utf-8", newline="") as file:
        return summary, list(csv.DictReader(file))


def labels(results: Path, **fields: Any) -> list[str]:
    return [row["label"] for row in done(results, **fields)[1]]


def test_stored_scores_are_decided_as_the_model_would(results: Path) -> None:
    summary, rows = done(results)
    assert [row["file"] for row in rows] == ["A/1.jpg", "A/2.jpg", "A/3.jpg", "B/1.jpg", "B/2.jpg"]
    assert [row["label"] for row in rows] == ["unsure", "fox", "nothing", "lynx", ""]
    assert (summary.found, summary.answered, summary.blank, summary.failed) == (5, 3, 1, 1)


def test_the_folder_of_results_is_enough(results: Path) -> None:
    folder = results.with_name("results.csv.taxolens")
    assert labels(folder.parent / "results.csv") == labels(results)
    out = results.with_name("x.csv")
    assert derive(DeriveRecipe(folder, OutputRecipe(out))).found == 5


def test_another_threshold_decides_anew(results: Path) -> None:
    assert labels(results, threshold=0.4)[0] == "lynx"
    assert labels(results, threshold=0.95)[:4] == ["unsure"] * 4


def test_an_excluded_species_is_set_aside_and_the_others_sum_to_one(results: Path) -> None:
    _, rows = done(results, exclude=("lynx",), top_k=4)
    first = rows[0]
    assert [first[f"top{i}"] for i in (1, 2, 3)] == ["cat", "fox", "nothing"]
    assert "lynx" not in first.values()
    assert [float(first[f"top{i}_score"]) for i in (1, 2, 3)] == pytest.approx([0.6, 0.2, 0.2], abs=1e-5)
    assert first["label"] == "cat"
    # All that was said of this photo was said of the lynx: the rest is too little to stand on.
    assert labels(results, exclude=("lynx",), threshold=0.5)[3] == "unsure"


def test_a_class_is_excluded_by_any_of_its_names_and_by_its_family(results: Path) -> None:
    for name in ("Chat", "felis CATUS", "cat"):
        assert labels(results, exclude=(name,), threshold=0.5)[0] == "lynx"
    assert labels(results, exclude=("Felidae",), threshold=0.45)[0] in ("fox", "nothing")
    with pytest.raises(UsageError, match="called lynks. Choose from: lynx"):
        done(results, exclude=("lynks",))
    with pytest.raises(UsageError, match="Leave at least one"):
        done(results, exclude=("Felidae", "fox", "nothing"))


def test_an_unsure_species_is_rolled_up_to_what_is_sure(results: Path) -> None:
    _, rows = done(results, rollup=RollUp.FAMILY)
    assert (rows[0]["label"], rows[0]["rank"], rows[0]["score"]) == ("Felidae", "family", "0.800000")
    assert (rows[0]["top1"], rows[0]["status"]) == ("lynx", "ok")
    assert (rows[1]["label"], rows[1]["rank"]) == ("fox", "")
    assert labels(results, rollup=RollUp.GENUS)[0] == "unsure"


def test_a_table_of_taxa_serves_models_that_know_none(results: Path, tmp_path: Path) -> None:
    table = tmp_path / "taxa.csv"
    table.write_text("label,order\nlynx,Carnivora\ncat,Carnivora\nfox,Carnivora\n", encoding="utf-8")
    assert labels(results, rollup=RollUp.ORDER, taxonomy=table)[0] == "Carnivora"
    table.write_text("label,en\nlynx,Lynx\ncat,Cat\nfox,Fox\nnothing,Nothing\n", encoding="utf-8")
    with pytest.raises(UsageError, match="known to belong to a genus"):
        done(results, rollup=RollUp.GENUS, taxonomy=table)


def test_a_taxonomy_that_fits_the_model_in_part_says_what_it_leaves_out(
    results: Path, tmp_path: Path
) -> None:
    table, notes = tmp_path / "taxa.csv", Notes()
    table.write_text("label,order\nlynx,Carnivora\nnothing,\nwolf,Carnivora\n", encoding="utf-8")
    done(results, notes, taxonomy=table)
    assert "Classes that the taxonomy table does not name: 2 (cat, fox)." in notes.told
    table.write_text("label,order\nLynx lynx,Carnivora\nwolf,Carnivora\n", encoding="utf-8")
    with pytest.raises(
        UsageError, match="names none of the classes: lynx, cat, fox.*it holds: Lynx lynx, wolf"
    ):
        done(results, taxonomy=table)


def test_a_list_of_species_excludes_what_is_impossible_in_a_region(results: Path, tmp_path: Path) -> None:
    table = tmp_path / "species.csv"
    table.write_text("species;country\nFelis catus;FR\nVulpes vulpes;FR\nlynx;CH\n", encoding="utf-8")
    assert labels(results, species_list=table, region="fr")[0] == "cat"
    assert labels(results, species_list=table, region="CH")[0] == "lynx"
    with pytest.raises(DataError, match="region XX. It knows: CH, FR"):
        done(results, species_list=table, region="XX")
    with pytest.raises(UsageError, match="--region"):
        done(results, species_list=table)
    table.write_text("species\nKangaroo\n", encoding="utf-8")
    with pytest.raises(UsageError, match="names no class of the model"):
        done(results, species_list=table)


def test_a_list_by_site_counts_at_its_sites_alone(results: Path, tmp_path: Path) -> None:
    table = tmp_path / "species.csv"
    table.write_text("species,site\ncat,A\nfox,A\n", encoding="utf-8")
    assert labels(results, species_list=table, site_by=SiteBy.FOLDER)[:4] == ["cat", "fox", "nothing", "lynx"]
    with pytest.raises(UsageError, match="--site-by folder"):
        done(results, species_list=table)


def test_events_are_decided_together_and_blanks_do_not_outvote_animals(results: Path) -> None:
    summary, rows = done(results, by_event=True, site_by=SiteBy.FOLDER)
    assert [row["event_label"] for row in rows] == ["unsure", "fox", "fox", "lynx", ""]
    assert rows[1]["event"] == rows[2]["event"] == "A/2.jpg"
    assert rows[2]["label"] == "nothing"
    assert [row["event_count"] for row in rows] == ["1", "1", "1", "1", "0"]
    assert summary.events == 2


def test_events_of_one_species_that_are_close_are_one(tmp_path: Path) -> None:
    lynx = (0.9, 0.04, 0.03, 0.03)
    rows = [row(f"A/{i}.jpg", *lynx, taken=START + timedelta(minutes=i * 20)) for i in range(3)]
    rows.append(row("A/9.jpg", *lynx, taken=START + timedelta(minutes=100)))
    out = fill(tmp_path / "results.csv", rows)
    fields: dict[str, Any] = {"site_by": SiteBy.FOLDER}
    assert done(out, by_event=True, **fields)[0].events == 4
    summary, rows_ = done(out, independence=30, **fields)
    assert summary.events == 2
    assert [row["event"] for row in rows_] == ["A/0.jpg"] * 3 + ["A/9.jpg"]


def test_clocks_that_were_wrong_are_put_right_and_odd_ones_are_told(results: Path, tmp_path: Path) -> None:
    notes = Notes()
    done(results, notes, site_by=SiteBy.FOLDER)
    assert notes.told == [
        "A clock that cannot be right: B, photos: 1, such as B/1.jpg. Say what it showed with --clock.",
        "Sites with photos of several cameras: 1 (B (Acme One, Acme Two)).",
    ]
    table = tmp_path / "clocks.csv"
    table.write_text(
        "site,camera,shown,true,offset\n"
        "B,acme one,2000-01-01 00:00,2026-05-02 12:00:00,\nA,,,,-01:00:00\nC,,,,5\n",
        encoding="utf-8",
    )
    notes = Notes()
    _, rows = done(results, notes, clock=table, site_by=SiteBy.FOLDER)
    assert [row["datetime"] for row in rows] == [
        "2026-05-01T05:00:00",
        "2026-05-01T05:10:00",
        "2026-05-01T05:10:05",
        "2026-05-02T12:05:00",
        "",
    ]
    assert "The table of clocks names C, of which there is no photo with a time." in notes.told


def test_corrections_stay_beside_the_results(results: Path, tmp_path: Path) -> None:
    table = tmp_path / "corrections.csv"
    table.write_text("file,label,by\nA/1.jpg,wolf,Ada\nA/3.jpg,fox,\n", encoding="utf-8")
    for fields in ({"corrections": table}, {}):
        summary, rows = done(results, by_event=True, site_by=SiteBy.FOLDER, **fields)
        assert summary.corrected == 2
        assert [row["label"] for row in rows[:3]] == ["wolf", "fox", "fox"]
        assert [row["corrected_by"] for row in rows[:3]] == ["Ada", "", "person"]
        assert [row["event_label"] for row in rows[:3]] == ["wolf", "fox", "fox"]


def test_a_run_that_did_not_end_is_told_and_its_newest_rows_count(tmp_path: Path) -> None:
    lynx, fox = (0.9, 0.04, 0.03, 0.03), (0.03, 0.04, 0.9, 0.03)
    out = fill(tmp_path / "results.csv", [row("b/1.jpg", *lynx), row("2.jpg", *lynx)])
    fill(out, [row("b/1.jpg", *fox, mtime_ns=9)], finished=False)
    notes = Notes()
    _, rows = done(out, notes)
    assert [(row["file"], row["label"]) for row in rows] == [("2.jpg", "lynx"), ("b/1.jpg", "fox")]
    assert notes.told == ["The run that left these results has not reached its end. Photos answered: 2."]


def test_results_that_cannot_be_used_are_told_with_the_mend(results: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no results of taxolens identify"):
        done(tmp_path / "nothing.csv")
    old = fill(tmp_path / "old.csv", [row("1.jpg", 0.9, 0.1, 0.0, 0.0)], card=None)
    with pytest.raises(DataError, match="begun by an earlier Taxolens.*Run the same identify"):
        done(old)
    (tmp_path / "results.csv.taxolens" / "roll.gz").unlink()
    for segment in segments_in(tmp_path / "results.csv.taxolens"):
        segment.write_bytes(segment.read_bytes()[:-4])
    with pytest.raises(DataError, match="are damaged"):
        done(results)
    with pytest.raises(UsageError, match="no result in the format CSV"):
        other = tmp_path / "derived.csv"
        other.write_text("mine", encoding="utf-8")
        fill(tmp_path / "good.csv", [row("1.jpg", 0.9, 0.1, 0.0, 0.0)])
        done(tmp_path / "good.csv")


def test_the_page_speaks_both_languages_and_names_what_it_found(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done(results, by_event=True, site_by=SiteBy.FOLDER, rollup=RollUp.FAMILY, report=page)
    html = page.read_text(encoding="utf-8")
    for words in ("2 species in 3 of 5 photos", "Felidae", "Activity by hour", "Acme Two", "B/1.jpg"):
        assert words in html


@pytest.fixture(scope="module")
def identified(tmp_path_factory: pytest.TempPathFactory) -> IdentifyRecipe:
    place = tmp_path_factory.mktemp("identified")
    for number in range(9):
        colour = ("red", "green", "nothing", "grey")[number % 4]
        write_photo(place / "card" / f"site {number % 2}" / f"IMG_{number:04d}.png", colour, seed=number)
    (place / "card" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    recipe = IdentifyRecipe(
        place / "card", write_colour_model(place / "model.onnx").path, place / "results.csv"
    )
    identify(recipe)
    return recipe


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    threshold=st.none() | st.floats(0, 1),
    top_k=st.integers(1, 4),
    site_by=st.sampled_from(SiteBy),
    sequence_by=st.sampled_from(SequenceBy),
    gap=st.floats(0, 100),
)
def test_deriving_is_identifying_without_looking(identified: IdentifyRecipe, **asked: Any) -> None:
    again = dataclasses.replace(identified, **asked)
    identify(again)
    moved = identified.out.with_name("moved")
    shutil.rmtree(moved, ignore_errors=True)
    shutil.copytree(identified.out.with_name("results.csv.taxolens"), moved / "r.csv.taxolens")
    for fields in (asked, {}):
        out = moved / "derived.csv"
        derive(DeriveRecipe(moved / "r.csv", OutputRecipe(out), **fields))
        assert out.read_bytes() == identified.out.read_bytes()
