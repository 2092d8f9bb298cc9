"""What a folder of results belongs to: which model, which photos."""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taxolens.core.engine import Engine
from taxolens.core.errors import ModelError, UsageError
from taxolens.imaging.region import CropRule
from taxolens.inference.cascade_rule import DetectorPart
from taxolens.modelfile.card import Card, CardTile
from taxolens.modelfile.pipeline import CascadeNumbers
from taxolens.storage.atomic import written_whole

VERSION = 1
FILE = "journal.json"


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a results folder.

    Attributes:
        id: names this beginning; segments of another one are left over from before a restart.
        model_sha256: hash of the model file, hexadecimal.
        model_name: the model's name, for people.
        labels: the model's classes, in the order of the scores.
        photos: folder that the rows' names are relative to.
        created: UTC, ISO 8601.
        card: what the model said of itself, so that answers can be decided anew without its file; None in
            journals of earlier versions, until the model is used again.
        engine: what computed the answers; empty in journals of earlier versions: onnxruntime.
        detector: of a cascade; `model_sha256`, `labels` and `card` are about its classifier, with the classes that only
            the cascade can answer; None: one model answered alone.
        merged: they are the union of others, and can be united anew.
        shard: "2/5" where only that part of the photos was asked for, else empty.
        version: of the layout of journal and segments.
    """

    id: str
    model_sha256: str
    model_name: str
    labels: tuple[str, ...]
    photos: str
    created: str
    card: Card | None = None
    shard: str = ""
    engine: str = ""
    detector: DetectorPart | None = None
    merged: bool = False
    version: int = VERSION


def new_journal(
    *,
    model_sha256: str,
    model_name: str,
    labels: tuple[str, ...],
    photos: Path,
    card: Card | None = None,
    shard: str = "",
    engine: Engine = Engine.ONNXRUNTIME,
    detector: DetectorPart | None = None,
) -> Journal:
    """A journal that begins now."""
    return Journal(
        id=secrets.token_hex(8),
        model_sha256=model_sha256,
        model_name=model_name,
        labels=labels,
        photos=str(photos),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        card=card,
        shard=shard,
        engine="" if engine is Engine.ONNXRUNTIME else engine.value,
        detector=detector,
    )


def write_journal(journal: Journal, folder: Path) -> None:
    """Writes the journal of a results folder, whole or not at all."""
    bare = dataclasses.replace(journal, card=None, detector=None)
    document = {**dataclasses.asdict(bare), "card": _plain(journal.card), "detector": _part(journal.detector)}
    if journal.detector is None:
        del document["detector"]
    with written_whole(folder / FILE) as file:
        file.write((json.dumps(document, indent=2) + "\n").encode("ascii"))


def read_journal(folder: Path) -> Journal | None:
    """The journal of a results folder; None where there is none.

    Raises:
        UsageError: there is one that cannot be understood.
    """
    file = folder / FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        labels, card = tuple(document["labels"]), _card(document.get("card"))
        detector = _detector(document["detector"]) if "detector" in document else None
        journal = Journal(**{**document, "labels": labels, "card": card, "detector": detector})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ModelError) as error:
        raise UsageError(
            "The journal {file} cannot be read: {why}. Start anew with --restart, or name another --out.",
            file=file,
            why=error,
        ) from error
    if journal.version != VERSION:
        raise UsageError(
            "The results in {folder} were written by another version of Taxolens. "
            "Use that version, start anew with --restart, or name another --out.",
            folder=folder,
        )
    return journal


def check_same_work(old: Journal, new: Journal, folder: Path) -> None:
    """Refuses to mix the answers of two models, or of two places that both exist.

    A folder that was moved, or a disk that is mounted elsewhere now, goes on: there the old place is gone.

    Raises:
        UsageError: the results belong to other work.
    """
    if old.model_sha256 != new.model_sha256:
        raise _another_model(old, folder)
    _check_same_tiles(old, new, folder)
    _check_same_detector(old, new, folder)
    # Labels that a detector adds are told as the detector's.
    if old.labels != new.labels:
        raise _another_model(old, folder)
    if old.engine != new.engine:
        raise UsageError(
            "The results in {folder} were computed by {old}. Give --engine {old}, name another --out, or start anew "
            "with --restart.",
            folder=folder,
            old=old.engine or Engine.ONNXRUNTIME.value,
        )
    if old.shard != new.shard:
        raise UsageError(
            "The results in {folder} are those of another part of the photos ({old}). "
            "Name another --out for each --shard.",
            folder=folder,
            old=f"--shard {old.shard}" if old.shard else "--shard 1/1",
        )
    if old.photos != new.photos and Path(old.photos).exists():
        raise UsageError(
            "The results in {folder} are about the photos in {old}. "
            "Name another --out, or start anew with --restart.",
            folder=folder,
            old=old.photos,
        )


def _another_model(old: Journal, folder: Path) -> UsageError:
    return UsageError(
        "The results in {folder} were made with another model ({old}). "
        "Name another --out, or start anew with --restart.",
        folder=folder,
        old=f"{old.model_name}, {old.model_sha256[:12]}",
    )


def same_look(one: DetectorPart | None, other: DetectorPart | None) -> bool:
    """Whether two works see the same boxes and crops; the numbers that decide about them may differ."""
    if one is None or other is None:
        return one is other
    return (one.sha256, one.card.input, one.crop) == (other.sha256, other.card.input, other.crop)


def tiles_of(journal: Journal) -> CardTile | None:
    """How photos were cut for what found the boxes; None where they stayed whole."""
    card = journal.detector.card if journal.detector else journal.card
    return card.input.tile if card else None


def _check_same_tiles(old: Journal, new: Journal, folder: Path) -> None:
    mine, theirs = tiles_of(old), tiles_of(new)
    if mine == theirs or (old.detector is None) != (new.detector is None):
        return
    raise UsageError(
        "The results in {folder} were made with {old}. Give that too, name another --out, or start anew with "
        "--restart.",
        folder=folder,
        old=_told(mine),
    )


def _told(tile: CardTile | None) -> str:
    """As it is typed."""
    if tile is None:
        return "--tile off"
    return f"--tile {tile.side} --tile-overlap {tile.overlap:g}" + ("" if tile.whole else " --tile-only")


def _check_same_detector(old: Journal, new: Journal, folder: Path) -> None:
    if same_look(old.detector, new.detector):
        return
    if old.detector is None:
        raise UsageError(
            "The results in {folder} were made without a detector. Leave out --detector, name another --out, or start "
            "anew with --restart.",
            folder=folder,
        )
    if new.detector is not None and old.detector.sha256 == new.detector.sha256:
        raise UsageError(
            "The results in {folder} were made from other crops ({old}). Give the [crop] of that pipeline, name another "
            "--out, or start anew with --restart.",
            folder=folder,
            old=", ".join(f"{name} {value}" for name, value in dataclasses.asdict(old.detector.crop).items()),
        )
    raise UsageError(
        "The results in {folder} were made with another detector ({old}). Name that one, or another --out, or start "
        "anew with --restart.",
        folder=folder,
        old=f"{old.detector.card.name}, {old.detector.sha256[:12]}",
    )


def _plain(card: Card | None) -> object:
    return json.loads(card.to_json()) if card else None


def _card(plain: object) -> Card | None:
    return Card.from_json(json.dumps(plain)) if plain is not None else None


def _part(detector: DetectorPart | None) -> dict[str, object] | None:
    if detector is None:
        return None
    return {
        "sha256": detector.sha256,
        "card": _plain(detector.card),
        "crop": dataclasses.asdict(detector.crop),
        "rule": dataclasses.asdict(detector.rule),
        "known": detector.known,
    }


def _detector(plain: dict[str, Any]) -> DetectorPart:
    return DetectorPart(
        plain["sha256"],
        Card.from_json(json.dumps(plain["card"])),
        CropRule(**plain["crop"]),
        CascadeNumbers(**plain["rule"]),
        plain["known"],
    )
