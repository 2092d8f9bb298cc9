"""The roll of a results folder: which rows its table shows, in the table's order.

Segments hold every state of every photo that was ever looked at. A run that reaches its end leaves the roll
beside them, so that answers can be decided anew, and shards united, where the photos are not at hand.
It is a gzip of one line of JSON and the places as little-endian numbers of 64 bits. A run that was
stopped, or that goes on, leaves segments that the roll does not name: then it counts no more.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from taxolens.inference.answered import Place
from taxolens.storage.atomic import written_whole

FILE = "roll.gz"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Roll:
    """What a table shows.

    Attributes:
        journal: the beginning that it belongs to.
        segments: names of all segments, in the order of the places' numbers.
        places: of the rows, in the order of the table.
        asked: how the rows were turned into the table, as plain values; what a new table is decided by
            where nothing else is said.
    """

    journal: str
    segments: tuple[str, ...]
    places: array[Place]
    asked: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def write_roll(roll: Roll, folder: Path) -> None:
    """Writes the roll of a results folder, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    body = np.frombuffer(roll.places, dtype=np.uint64).astype("<u8").tobytes()
    header = {
        "roll": VERSION,
        "journal": roll.journal,
        "segments": list(roll.segments),
        "sha256": hashlib.sha256(body).hexdigest(),
        "asked": dict(roll.asked),
    }
    packed = gzip.compress(json.dumps(header).encode("ascii") + b"\n" + body, compresslevel=1, mtime=0)
    with written_whole(folder / FILE) as file:
        file.write(packed)


def read_roll(folder: Path, *, journal: str, segments: Sequence[Path]) -> Roll | None:
    """The roll of a results folder; None where there is none that tells what these segments hold."""
    try:
        first, _, body = gzip.decompress((folder / FILE).read_bytes()).partition(b"\n")
        header = json.loads(first)
        if header["roll"] != VERSION or header["sha256"] != hashlib.sha256(body).hexdigest():
            return None
        named = tuple(header["segments"])
        asked = MappingProxyType(dict(header["asked"]))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None
    if header["journal"] != journal or named != tuple(path.name for path in segments):
        return None
    places = array("Q", np.frombuffer(body, dtype="<u8").astype(np.uint64).tobytes())
    return Roll(journal, named, places, asked)
