from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Score, Status
from taxolens.formats.detections import Dialect, open_detections, read_detections
from taxolens.formats.megadetector import write_megadetector
from taxolens.formats.result import Clip, Result
from tests.unit.formats.answers import ABOUT, every_kind

MEGADETECTOR: dict[str, Any] = {
    "info": {"format_version": "1.6", "detector": "md_v5a.0.0.pt", "classifier": "woods"},
    "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
    "classification_categories": {"0": "fox", "7": "deer"},
    "images": [
        {
            "file": "a/1.jpg",
            "datetime": "2026:05:31 12:00:00",
            "detections": [
                {
                    "category": "1",
                    "conf": 0.926,
                    "bbox": [0.0, 0.25, 0.125, 0.5],
                    "classifications": [["7", 0.2], ["0", 0.7]],
                },
                {"category": "2", "conf": 0.8, "bbox": [0.5, 0.5, 0.5, 0.5]},
                {"category": "1", "conf": 0.01, "bbox": [0.5, 0.5, 0.5, 0.5]},
            ],
        },
        {"file": "a\\2.jpg", "detections": [{"category": "1", "conf": 0.1, "bbox": [0, 0, 1, 1]}]},
        {"file": "a/3.jpg", "detections": [], "failure": None},
        {"file": "a/4.jpg", "failure": "image access failure", "detections": None},
        {
            "file": "v.mp4",
            "frame_rate": 20,
            "frames_processed": [0, 20],
            "detections": [{"category": "2", "conf": 0.9, "bbox": [0, 0, 1, 1], "frame_number": 20}],
        },
    ],
}
PIXELS = [
    {
        "file": "1.png",
        "detections": [{"category": "animal", "confidence": 0.93, "bbox": [20.0, 10.0, 60.0, 40.0]}],
    },
    {"file": "2.png", "detections": []},
]
FOX = "f1;mammalia;carnivora;canidae;vulpes;vulpes;red fox"
SPECIESNET = {
    "predictions": [
        {
            "filepath": "a/1.jpg",
            "classifications": {
                "classes": [FOX, "x;mammalia;carnivora;canidae;;;canidae family"],
                "scores": [0.8, 0.1],
            },
            "detections": [
                {"category": "1", "label": "animal", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]},
                {"category": "2", "label": "human", "conf": 0.5, "bbox": [0.5, 0.5, 0.25, 0.25]},
                {"category": "1", "label": "animal", "conf": 0.05, "bbox": [0, 0, 1, 1]},
            ],
            "prediction": FOX,
            "prediction_score": 0.8,
            "prediction_source": "classifier",
            "model_version": "4.0.1a",
        },
        {
            "filepath": "a/2.jpg",
            "detections": [{"category": "1", "label": "animal", "conf": 0.3, "bbox": [0, 0, 1, 1]}],
            "prediction": "b1;;;;;;blank",
            "prediction_score": 0.95,
        },
        {"filepath": "a/3.jpg", "failures": ["DETECTOR", "CLASSIFIER"]},
        {"filepath": "a/4.jpg", "detections": []},
        {"filepath": "a/5.jpg", "detections": [], "prediction": FOX, "prediction_score": 0.6},
    ]
}


def file_of(folder: Path, document: object) -> Path:
    path = folder / "detections.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_megadetector_file_becomes_one_result_per_sure_detection(tmp_path: Path) -> None:
    first, second, *_ = read_detections(file_of(tmp_path, MEGADETECTOR))
    assert first.prediction.name == second.prediction.name == "a/1.jpg"
    assert first.prediction.ranking == (Score("fox", 0.7), Score("deer", 0.2))
    assert (first.prediction.box, first.detector_score, first.category) == (
        Box(0.0, 0.25, 0.125, 0.5),
        0.926,
        "animal",
    )
    assert (second.prediction.label, second.prediction.score) == ("person", 0.8)
    assert first.taken == datetime(2026, 5, 31, 12)


def test_every_photo_of_the_file_is_there_once_or_more(tmp_path: Path) -> None:
    results = list(read_detections(file_of(tmp_path, MEGADETECTOR)))
    assert [result.prediction.name for result in results] == [
        "a/1.jpg",
        "a/1.jpg",
        "a/2.jpg",
        "a/3.jpg",
        "a/4.jpg",
        "v.mp4",
    ]
    blank, empty, failed, _ = results[2:]
    assert (blank.prediction.status, blank.prediction.score) == (Status.BLANK, 0.9)
    assert (empty.prediction.status, empty.prediction.score) == (Status.BLANK, 1.0)
    assert failed.prediction.failure is not None
    assert "image access failure" in failed.prediction.failure.reason


def test_a_video_keeps_its_frames(tmp_path: Path) -> None:
    *_, clip = read_detections(file_of(tmp_path, MEGADETECTOR))
    assert (clip.clip, clip.frame) == (Clip(20.0, (0, 20)), 20)


@pytest.mark.parametrize(("threshold", "rows"), [(0.0, 3), (0.85, 1), (1.0, 1)])
def test_a_threshold_decides_what_is_a_detection(tmp_path: Path, threshold: float, rows: int) -> None:
    results = read_detections(file_of(tmp_path, MEGADETECTOR), threshold=threshold)
    assert [result.prediction.name for result in results].count("a/1.jpg") == rows


def test_the_threshold_that_the_file_calls_typical_counts(tmp_path: Path) -> None:
    metadata = {"detector_metadata": {"typical_detection_threshold": 0.05}}
    document = {**MEGADETECTOR, "info": {**MEGADETECTOR["info"], **metadata}}
    opened = open_detections(file_of(tmp_path, document))
    assert opened.threshold == 0.05
    assert [one.prediction.status for one in opened.results()][2] is Status.OK


def test_what_made_the_file_is_told(tmp_path: Path) -> None:
    opened = open_detections(file_of(tmp_path, MEGADETECTOR))
    assert (opened.dialect, opened.detector, opened.classifier) == (
        Dialect.MEGADETECTOR,
        "md_v5a.0.0.pt",
        "woods",
    )


@pytest.mark.parametrize("version", ["1.3", 1.3, "1.0", None])
def test_older_versions_are_read_too(tmp_path: Path, version: object) -> None:
    document = {**MEGADETECTOR, "info": {"format_version": version}}
    assert len(list(read_detections(file_of(tmp_path, document)))) == 6


def test_corners_in_pixels_become_shares_of_the_photo(tmp_path: Path) -> None:
    Image.new("RGB", (80, 40)).save(tmp_path / "1.png")
    first, second = read_detections(file_of(tmp_path, PIXELS), root=tmp_path)
    assert first.prediction.box == Box(0.25, 0.25, 0.5, 0.75)
    assert (first.category, first.detector_score) == ("animal", 0.93)
    assert second.prediction.status is Status.BLANK


def test_pixels_of_a_photo_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"1\.png"):
        list(read_detections(file_of(tmp_path, PIXELS), root=tmp_path))


def test_speciesnet_names_the_animals_of_its_photo(tmp_path: Path) -> None:
    first, human, blank, failed, nothing, whole = read_detections(file_of(tmp_path, SPECIESNET))
    assert first.prediction.ranking == (Score("red fox", 0.8), Score("canidae family", 0.1))
    assert (first.category, first.prediction.box) == ("animal", Box(0.1, 0.2, 0.3, 0.4))
    assert (human.prediction.label, human.category) == ("human", "person")
    assert (blank.prediction.status, round(blank.prediction.score, 6)) == (Status.BLANK, 0.95)
    assert failed.prediction.status is Status.FAILED
    assert nothing.prediction.status is Status.BLANK
    assert (whole.prediction.label, whole.prediction.box) == ("red fox", None)


def test_what_we_write_as_megadetector_json_comes_back(tmp_path: Path) -> None:
    write_megadetector(every_kind(), tmp_path / "md.json", ABOUT)
    back = list(read_detections(tmp_path / "md.json"))
    written = every_kind()
    assert [one.prediction.name for one in back] == [one.prediction.name for one in written]
    assert [one.prediction.status for one in back] == [one.prediction.status for one in written]
    assert [one.taken for one in back] == [one.taken for one in written]
    assert back[1].prediction.box == written[1].prediction.box
    assert back[-1].clip == written[-1].clip


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"images": []},
        {"annotations": []},
        [{"file": "a.jpg"}],
        3,
        "text",
        {"detection_categories": {}},
    ],
)
def test_other_files_are_refused(tmp_path: Path, document: object) -> None:
    with pytest.raises(DataError):
        list(read_detections(file_of(tmp_path, document)))


def test_an_empty_file_of_the_format_has_no_results(tmp_path: Path) -> None:
    assert list(read_detections(file_of(tmp_path, {**MEGADETECTOR, "images": []}))) == []
    assert list(read_detections(file_of(tmp_path, {"predictions": []}))) == []


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"images": [', b"\xff\xfe", b'{"images": [1,]}', b"[" * 100_000]
)
def test_torn_files_are_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "d.json").write_bytes(text)
    with pytest.raises(DataError):
        list(read_detections(tmp_path / "d.json"))


@pytest.mark.parametrize(
    "detection",
    [
        {"category": "9", "conf": 0.9, "bbox": [0, 0, 1, 1]},
        {"category": "1", "conf": 1.5, "bbox": [0, 0, 1, 1]},
        {"category": "1", "conf": "high", "bbox": [0, 0, 1, 1]},
        {"category": "1", "conf": 0.9, "bbox": [0, 0, 1]},
        {"category": "1", "conf": 0.9, "bbox": "0 0 1 1"},
        {"category": "1", "conf": 0.9},
        {"category": "1", "conf": 0.9, "bbox": [0, 0, 1, 1], "classifications": [["9", 0.5]]},
        {"category": "1", "conf": 0.9, "bbox": [0, 0, 1, 1], "frame_number": "x"},
    ],
)
def test_an_entry_that_cannot_be_meant_names_its_photo(tmp_path: Path, detection: object) -> None:
    document = {**MEGADETECTOR, "images": [{"file": "a/9.jpg", "detections": [detection]}]}
    with pytest.raises(DataError, match=r"a/9\.jpg"):
        list(read_detections(file_of(tmp_path, document)))


def test_a_box_that_leaves_the_photo_by_rounding_is_cut(tmp_path: Path) -> None:
    images = [
        {"file": "a.jpg", "detections": [{"category": "1", "conf": 0.9, "bbox": [-0.01, 0.5, 0.5, 0.5001]}]}
    ]
    (one,) = read_detections(file_of(tmp_path, {**MEGADETECTOR, "images": images}))
    assert one.prediction.box == Box(0.0, 0.5, 0.49, 0.5)


def test_a_file_larger_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    images = [
        {"file": f"{number:06d}é.jpg", "detections": [{"category": "1", "conf": 0.5, "bbox": [0, 0, 1, 1]}]}
        for number in range(12_000)
    ]
    names = [
        one.prediction.name for one in read_detections(file_of(tmp_path, {**MEGADETECTOR, "images": images}))
    ]
    assert names == [image["file"] for image in images]


@settings(max_examples=60)
@given(
    names=st.lists(st.text(min_size=1).filter(str.strip), max_size=4, unique=True),
    conf=st.floats(0, 1),
    edges=st.tuples(*[st.floats(0, 0.5)] * 4),
)
def test_any_results_of_ours_come_back(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], conf: float, edges: tuple[float, ...]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    box = Box(*(round(edge, 4) for edge in edges))
    kind = every_kind()[1]
    written = [
        Result(replace(kind.prediction, name="p/" + name, box=box), detector_score=round(conf, 4))
        for name in names
    ]
    write_megadetector(written, folder / "md.json", ABOUT)
    back = list(read_detections(folder / "md.json", threshold=0.0))
    assert [one.prediction.name for one in back] == [one.prediction.name for one in written]
    assert all(one.detector_score == round(conf, 4) for one in back)
    for one in back:
        assert one.prediction.box is not None
        assert abs(one.prediction.box.width - box.width) < 1e-9
