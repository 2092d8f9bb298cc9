"""Results of every kind, for the tests of formats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from taxolens.core.geometry import Box
from taxolens.core.records import UNSURE, Failure, Prediction, Score, Status
from taxolens.core.taxonomy import Role, Taxon
from taxolens.formats.about import About
from taxolens.formats.deployments import Deployment
from taxolens.formats.result import Clip, Event, Result

NOON = datetime(2026, 5, 31, 12, 0, 0)
SUMMER = timezone(timedelta(hours=2))
TAXA = (
    Taxon("fox", {"en": "red fox", "fr": "renard roux"}, "Vulpes vulpes", "species", 5219243),
    Taxon("deer", {"en": "roe deer"}, "Capreolus capreolus", "species", 5220126),
    Taxon("unnamed"),
    Taxon("nothing", role=Role.BLANK),
    Taxon("human", role=Role.PERSON),
    Taxon("car", role=Role.VEHICLE),
)
EAST = Deployment(
    id="east_1",
    site="east",
    latitude=43.6,
    longitude=3.9,
    start=datetime(2026, 5, 1, tzinfo=SUMMER),
    end=datetime(2026, 6, 30, tzinfo=SUMMER),
    zone=SUMMER,
)
ABOUT = About(
    labels=tuple(taxon.id for taxon in TAXA),
    taxa=TAXA,
    model_name="woods",
    model_version="3",
    model_sha256="ab" * 32,
    created=datetime(2026, 7, 1, 8, 30, tzinfo=UTC),
    deployments=(EAST,),
)


def said(name: str, label: str, score: float = 0.75, **more: object) -> Prediction:
    """An answer with a second best one."""
    second = "deer" if label != "deer" else "fox"
    ranking = (Score(label, score), Score(second, round(1 - score, 6)))
    return Prediction(name, label, score, ranking, **more)  # type: ignore[arg-type]


def failed(name: str) -> Result:
    """A photo that cannot be read; its time is unknown."""
    failure = Failure(Path(name), name, "damaged", "The photo is damaged.")
    return Result(Prediction(name, "", 0.0, (), status=Status.FAILED, failure=failure), site="east")


def every_kind() -> list[Result]:
    """A named photo, two animals in one, a blank, an unsure one, a person, a vehicle, a failure, a video."""
    event = Event("e1", "fox", 0.9, Status.OK, 2, NOON, NOON + timedelta(seconds=5))
    unsure = Prediction(
        "east/unsure.jpg", UNSURE, 0.4, (Score("fox", 0.4), Score("deer", 0.35)), ("fox", "deer")
    )
    left, right = Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.25, 0.5, 0.75)
    later = NOON + timedelta(seconds=5)
    clip = Clip(20.0, (0, 20, 40))
    return [
        Result(said("east/fox.jpg", "fox", 0.9), NOON, "east", "e1", event=event),
        Result(said("east/pair.jpg", "fox", 0.8, box=left), later, "east", "e1", 0.93, event=event),
        Result(said("east/pair.jpg", "deer", 0.7, box=right), later, "east", "e1", 0.88, event=event),
        Result(said("east/blank.jpg", "nothing", status=Status.BLANK), NOON, "east"),
        Result(unsure, NOON, "east"),
        Result(said("east/me.jpg", "human", 0.99), NOON, "east"),
        Result(said("east/car.jpg", "car", 0.97), NOON, "east"),
        Result(said("east/unnamed.jpg", "unnamed", 0.97), NOON, "east"),
        failed("east/torn.jpg"),
        Result(said("east/clip.mp4", "fox", 0.6, box=left), NOON, "east", None, 0.5, clip=clip, frame=20),
    ]
