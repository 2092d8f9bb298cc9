"""The catalogue names each file exactly, and lets no other in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from taxolens.core.errors import ModelError, UsageError
from taxolens.modelfile.catalogue import Budget, CatalogueEntry, catalogue, download_path, keep


def entry_for(data: bytes, **changes: object) -> CatalogueEntry:
    entry = catalogue()["mobilenetv2"]
    return entry.model_copy(
        update={"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **changes}
    )


def test_every_entry_states_what_a_user_must_know() -> None:
    entries = [catalogue()[name] for name in catalogue()]
    assert {entry.budget for entry in entries} == set(Budget)
    assert all(
        entry.licence and entry.dimension > 0 and entry.url.startswith("https://") for entry in entries
    )
    assert len({entry.sha256 for entry in entries}) == len({entry.rank for entry in entries}) == len(entries)


def test_a_wrong_name_is_answered_with_near_ones() -> None:
    with pytest.raises(UsageError, match="mobilenetv2"):
        catalogue()["mobilenet_v2"]


def test_the_right_file_is_kept_in_its_place(tmp_path: Path) -> None:
    entry = entry_for(b"weights")
    (tmp_path / "from a stick.onnx").write_bytes(b"weights")
    kept = keep(entry, tmp_path / "from a stick.onnx", tmp_path / "home")
    assert kept == download_path(entry, tmp_path / "home")
    assert kept.read_bytes() == b"weights"


@pytest.mark.parametrize("found", [b"weightz", b"weight", b"weights and more", b""])
def test_another_file_is_refused_and_not_kept(tmp_path: Path, found: bytes) -> None:
    entry = entry_for(b"weights")
    (tmp_path / "other.onnx").write_bytes(found)
    with pytest.raises(ModelError):
        keep(entry, tmp_path / "other.onnx", tmp_path / "home")
    assert not download_path(entry, tmp_path / "home").exists()
