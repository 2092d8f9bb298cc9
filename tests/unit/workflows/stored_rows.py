"""Results as an identification leaves them, without photos and model."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from taxolens.core.taxonomy import Role
from taxolens.inference.journal import new_journal
from taxolens.inference.row import Fault, Row, Stamp
from taxolens.inference.store import open_store
from taxolens.inference.stored import scan_order
from taxolens.modelfile.card import Card, CardClass
from tests.unit.inference.colour_model import card

ANIMALS = card(
    name="animals",
    classes=(
        CardClass(id="lynx", scientific="Lynx lynx", rank="species", lineage={"family": "Felidae"}),
        CardClass(id="cat", names={"fr": "chat"}, scientific="Felis catus", lineage={"family": "Felidae"}),
        CardClass(id="fox", scientific="Vulpes vulpes", lineage={"family": "Canidae"}),
        CardClass(id="nothing", role=Role.BLANK),
    ),
    conformal=None,
)


def row(
    name: str, *scores: float, taken: datetime | None = None, camera: str | None = None, **stamp: int
) -> Row:
    """A row with the scores of lynx, cat, fox and nothing; without any it has failed."""
    time = taken.isoformat() if taken else None
    state = Stamp(name, stamp.get("size", 100), stamp.get("mtime_ns", 5))
    if not scores:
        return Row(state, time, fault=Fault("damaged", "The photo is damaged."), camera=camera)
    return Row(state, time, np.asarray(scores, dtype=np.float32), camera=camera)


def fill(
    out: Path,
    rows: Iterable[Row],
    *,
    sha256: str = "a" * 64,
    card: Card | None = ANIMALS,
    asked: Mapping[str, Any] | None = None,
    shard: str = "",
    finished: bool = True,
    photos: Path = Path("/photos"),
) -> Path:
    """Writes results; `asked` holds how the table was asked for."""
    journal = new_journal(
        model_sha256=sha256,
        model_name="animals",
        labels=ANIMALS.labels,
        photos=photos,
        card=card,
        shard=shard,
    )
    with open_store(out, journal, restart=False) as store:
        store.load(again=lambda row: False, damaged=print)
        ordered = sorted(rows, key=lambda row: scan_order(row.stamp.name))
        places = [store.append(row) for row in ordered]
        store.flush()
        if finished:
            store.enrol(array("Q", places), asked or {})
    return out
