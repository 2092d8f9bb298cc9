"""What a folder of results belongs to: which model, which photos."""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from taxolens.core.engine import Engine
from taxolens.core.errors import ModelError, UsageError
from taxolens.modelfile.card import Card
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
    )


def write_journal(journal: Journal, folder: Path) -> None:
    """Writes the journal of a results folder, whole or not at all."""
    card = json.loads(journal.card.to_json()) if journal.card else None
    document = {**dataclasses.asdict(dataclasses.replace(journal, card=None)), "card": card}
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
        labels, card = tuple(document["labels"]), document.get("card")
        card = Card.from_json(json.dumps(card)) if card is not None else None
        journal = Journal(**{**document, "labels": labels, "card": card})
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
    if (old.model_sha256, old.labels) != (new.model_sha256, new.labels):
        raise UsageError(
            "The results in {folder} were made with another model ({old}). "
            "Name another --out, or start anew with --restart.",
            folder=folder,
            old=f"{old.model_name}, {old.model_sha256[:12]}",
        )
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
