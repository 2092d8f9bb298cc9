from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import OutputError
from taxolens.core.geometry import Box
from taxolens.core.records import Prediction, Score, Status
from taxolens.core.taxonomy import Role, Taxon
from taxolens.formats.about import About
from taxolens.formats.megadetector import is_megadetector, write_megadetector
from taxolens.formats.result import Result
from tests.unit.formats.answers import ABOUT, every_kind, failed, said


def written(results: list[Result], folder: Path, about: About = ABOUT) -> dict[str, Any]:
    write_megadetector(results, folder / "md.json", about)
    document: dict[str, Any] = json.loads((folder / "md.json").read_text(encoding="utf-8"))
    return document


def judged(document: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What the format's own validator finds."""
    validator = pytest.importorskip("megadetector.postprocessing.validate_batch_results")
    found = validator.validate_batch_results(document)["validation_results"]
    return found["errors"], found["warnings"]


def images(document: dict[str, Any]) -> dict[str, Any]:
    return {image["file"]: image for image in document["images"]}


def test_the_formats_own_validator_finds_nothing_in_results_of_every_kind(tmp_path: Path) -> None:
    assert judged(written(every_kind(), tmp_path)) == ([], [])


def test_the_validator_finds_nothing_in_no_results(tmp_path: Path) -> None:
    assert judged(written([], tmp_path, About())) == ([], [])


def test_a_photo_without_a_detector_is_one_animal_over_the_whole_photo(tmp_path: Path) -> None:
    document = written([Result(said("a.jpg", "fox", 0.9))], tmp_path)
    (detection,) = document["images"][0]["detections"]
    assert document["detection_categories"] == {"1": "animal", "2": "person", "3": "vehicle"}
    assert detection == {
        "category": "1",
        "conf": 1.0,
        "bbox": [0.0, 0.0, 1.0, 1.0],
        "classifications": [["0", 0.9], ["1", 0.1]],
    }


def test_the_confidence_that_something_is_there_is_what_blank_classes_leave(tmp_path: Path) -> None:
    ranking = (Score("fox", 0.6), Score("nothing", 0.3), Score("deer", 0.1))
    document = written([Result(Prediction("a.jpg", "fox", 0.6, ranking))], tmp_path)
    assert document["images"][0]["detections"][0]["conf"] == 0.7


def test_blanks_have_no_detections_and_failures_have_none_but_a_reason(tmp_path: Path) -> None:
    found = images(written(every_kind(), tmp_path))
    assert found["east/blank.jpg"]["detections"] == []
    assert "failure" not in found["east/blank.jpg"]
    assert found["east/torn.jpg"] == {
        "file": "east/torn.jpg",
        "failure": "The photo is damaged.",
        "detections": None,
    }


def test_roles_become_the_formats_person_and_vehicle(tmp_path: Path) -> None:
    found = images(written(every_kind(), tmp_path))
    assert found["east/me.jpg"]["detections"][0]["category"] == "2"
    assert found["east/car.jpg"]["detections"][0]["category"] == "3"


def test_boxes_of_one_photo_stay_together_with_the_detectors_confidence(tmp_path: Path) -> None:
    pair = images(written(every_kind(), tmp_path))["east/pair.jpg"]
    assert [one["bbox"] for one in pair["detections"]] == [[0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 0.5, 0.75]]
    assert [one["conf"] for one in pair["detections"]] == [0.93, 0.88]


def test_a_video_tells_its_frames(tmp_path: Path) -> None:
    clip = images(written(every_kind(), tmp_path))["east/clip.mp4"]
    assert (clip["frame_rate"], clip["frames_processed"]) == (20.0, [0, 20, 40])
    assert clip["detections"][0]["frame_number"] == 20


def test_a_video_that_cannot_be_read_passes_the_validator(tmp_path: Path) -> None:
    assert judged(written([failed("broken.mp4")], tmp_path)) == ([], [])


def test_classes_are_named_in_the_users_language_and_described_by_their_scientific_names(
    tmp_path: Path,
) -> None:
    document = written([], tmp_path, replace(ABOUT, language="fr"))
    assert document["classification_categories"]["0"] == "renard roux"
    assert document["classification_category_descriptions"]["0"] == "Vulpes vulpes"
    assert (
        document["classification_category_descriptions"].keys()
        == document["classification_categories"].keys()
    )


def test_without_scientific_names_nothing_is_described(tmp_path: Path) -> None:
    document = written([], tmp_path, About(labels=("fox",), taxa=(Taxon("fox"),)))
    assert "classification_category_descriptions" not in document


def test_a_label_that_is_no_class_of_the_model_gets_a_category(tmp_path: Path) -> None:
    document = written([Result(said("a.jpg", "Canidae"))], tmp_path)
    ((category, _), _) = document["images"][0]["detections"][0]["classifications"]
    assert document["classification_categories"][category] == "Canidae"
    assert judged(document) == ([], [])


def test_a_detection_without_a_classifier_has_no_classifications(tmp_path: Path) -> None:
    seen = Result(
        Prediction("a.jpg", "animal", 0.8, (Score("animal", 0.8),), box=Box(0, 0, 0.5, 0.5)),
        detector_score=0.8,
        category="animal",
    )
    document = written([seen], tmp_path, About(detector="md_v5a"))
    assert document["images"][0]["detections"] == [{"category": "1", "conf": 0.8, "bbox": [0, 0, 0.5, 0.5]}]
    assert document["info"]["detector"] == "md_v5a"
    assert judged(document) == ([], [])


def test_the_detectors_own_categories_are_kept(tmp_path: Path) -> None:
    bird = Result(said("a.jpg", "fox", box=Box(0, 0, 1, 1)), detector_score=1, category="bird")
    document = written([bird], tmp_path)
    assert document["detection_categories"][document["images"][0]["detections"][0]["category"]] == "bird"


@settings(max_examples=60)
@given(
    name=st.text(min_size=1).filter(lambda text: "\0" not in text),
    label=st.text(min_size=1).filter(str.strip),
    score=st.floats(0, 1),
    blank=st.booleans(),
)
def test_any_name_and_label_passes_the_validator(
    tmp_path_factory: pytest.TempPathFactory, name: str, label: str, score: float, blank: bool
) -> None:
    about = About(labels=(label,), taxa=(Taxon(label, role=Role.BLANK if blank else None),))
    status = Status.BLANK if blank else Status.OK
    result = Result(Prediction(name + ".jpg", label, score, (Score(label, score),), status=status))
    document = written([result], tmp_path_factory.mktemp("md"), about)
    assert judged(document) == ([], [])
    assert document["images"][0]["file"] == (name + ".jpg").encode("utf-8", "backslashreplace").decode()


def test_odd_bytes_of_a_name_are_told(tmp_path: Path) -> None:
    document = written([Result(said("caf\udce9.jpg", "fox"))], tmp_path)
    assert document["images"][0]["file"] == "caf\\udce9.jpg"


def test_a_stop_in_the_middle_leaves_the_earlier_file(tmp_path: Path) -> None:
    out = tmp_path / "md.json"
    out.write_text("earlier")

    def torn() -> Iterator[Result]:
        yield every_kind()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_megadetector(torn(), out, ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["md.json"]
    assert out.read_text() == "earlier"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_megadetector([], tmp_path / "none" / "md.json", ABOUT)


def test_its_own_files_are_recognised_and_others_are_not(tmp_path: Path) -> None:
    written(every_kind(), tmp_path)
    (tmp_path / "notes.json").write_text('{"a": 1}')
    assert is_megadetector(tmp_path / "md.json")
    assert not is_megadetector(tmp_path / "notes.json")
    assert not is_megadetector(tmp_path)
