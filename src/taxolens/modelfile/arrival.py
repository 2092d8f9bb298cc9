"""What arrives for a ready model: checked, unpacked, and never opened where it is a program."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from taxolens.core.errors import ModelError
from taxolens.modelfile.read import LARGEST_MODEL, read_bytes
from taxolens.modelfile.ready import ReadyModel
from taxolens.storage.atomic import told_as_output, written_whole

_CHECKPOINTS = frozenset({".pt", ".pth", ".ckpt", ".pkl", ".bin"})
_PICKLED = b"\x80"
_ZIPPED = b"PK\x03\x04"
_PICKLE_IN_ZIP = "data.pkl"
_USUAL_NAME = "model.onnx"
_LABELS = "*labels*.txt"
_MEGABYTE = 1_000_000
_LONGEST_LABELS = 10_000_000
_MEMORY = "checksums.json"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that came for a ready model.

    Attributes:
        network: bytes of the ONNX file.
        sha256: of what came, archive or not.
        labels: text of the file of labels that came with it.
    """

    network: bytes
    sha256: str
    labels: bytes | None


def arrived(entry: ReadyModel, file: Path) -> Arrived:
    """Reads what came: an ONNX file, or the zip that the catalogue speaks of.

    Raises:
        ModelError: it is absent, too large, no network, or weights that are a program.
    """
    start = _start(file)
    if start.startswith(_ZIPPED):
        network, labels = _from_zip(entry, file)
    elif start.startswith(_PICKLED) or file.suffix.lower() in _CHECKPOINTS:
        raise _is_a_program(entry, file)
    else:
        network, labels = read_bytes(file), _labels_beside(file)
    return Arrived(network, _digest(file), labels)


def _start(file: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return stream.read(len(_ZIPPED))
    except FileNotFoundError as error:
        raise ModelError("There is no model file {file}. Check the path.", file=file) from error
    except OSError as error:
        raise ModelError("The model {file} cannot be read: {why}.", file=file, why=error.strerror) from error


def check_stated(entry: ReadyModel, file: Path) -> None:
    """Compares a download with what is known of it in public.

    Raises:
        ModelError: it is another file.
    """
    size = file.stat().st_size
    other_size = entry.bytes is not None and size != entry.bytes
    if other_size or (entry.sha256 is not None and _digest(file) != entry.sha256):
        raise ModelError(
            "The file {file} is not the model {name}: its checksum differs. Download it again from {url}",
            file=file,
            name=entry.name,
            url=entry.url,
        )


def check_remembered(entry: ReadyModel, sha256: str, home: Path, *, way: str, replace: bool) -> bool:
    """Compares a file with the one that came the same way before.

    Args:
        way: "download" or "file": what a person exports differs from what is published.
        replace: a different one is wanted.

    Returns:
        Whether one is remembered, and this is it.

    Raises:
        ModelError: it is another one, and was not asked for.
    """
    before = _remembered(home).get(entry.name, {}).get(way)
    if before not in (None, sha256) and not replace:
        raise ModelError(
            "This is another file for {name} than the one that came before (sha256 {before}, now {now}). If that is "
            "as it should be, add --replace.",
            name=entry.name,
            before=before,
            now=sha256,
        )
    return before == sha256


def remember(entry: ReadyModel, sha256: str, home: Path, *, way: str) -> None:
    """Remembers which file came.

    Raises:
        OutputError: it cannot be written.
    """
    known = _remembered(home)
    if known.get(entry.name, {}).get(way) == sha256:
        return
    known[entry.name] = {**known.get(entry.name, {}), way: sha256}
    file = _folder(home) / _MEMORY
    with told_as_output(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file, shared=True) as stream:
        stream.write(json.dumps(known, indent=1, sort_keys=True).encode())


def ready_path(name: str, home: Path) -> Path:
    """Where a ready model lies once it is usable: ONNX with a card."""
    return _folder(home) / f"{name}.onnx"


def downloaded_path(entry: ReadyModel, home: Path) -> Path:
    """Where a download lies until it is made usable."""
    return _folder(home) / f".{entry.name}.download"


def _folder(home: Path) -> Path:
    return home / "models"


def _remembered(home: Path) -> dict[str, dict[str, str]]:
    file = _folder(home) / _MEMORY
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): dict(ways) for name, ways in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(
            "The list of checksums {file} is damaged, so files can no longer be compared with it. Remove it.",
            file=file,
        ) from error


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _from_zip(entry: ReadyModel, file: Path) -> tuple[bytes, bytes | None]:
    try:
        with zipfile.ZipFile(file) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if any(PurePosixPath(one.filename).name == _PICKLE_IN_ZIP for one in files):
                raise _is_a_program(entry, file)
            network = _chosen(entry, files, file)
            labels = [one for one in files if fnmatch(one.filename.lower(), _LABELS)]
            return (
                _unpacked(archive, network, file, LARGEST_MODEL),
                _unpacked(archive, labels[0], file, _LONGEST_LABELS) if labels else None,
            )
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(
            "The archive {file} is damaged or cut short. Copy or download it again.", file=file
        ) from error


def _chosen(entry: ReadyModel, files: list[zipfile.ZipInfo], file: Path) -> zipfile.ZipInfo:
    """The network in an archive: the one that the catalogue names, else the only one."""
    networks = [one for one in files if one.filename.lower().endswith(".onnx")]
    named = [one for one in networks if fnmatch(one.filename, entry.member or "*")] or networks
    if not named:
        raise ModelError("The archive {file} holds no ONNX file. Name another one.", file=file)
    usual = [one for one in named if PurePosixPath(one.filename).name == _USUAL_NAME]
    return max(usual or named, key=lambda one: one.file_size)


def _unpacked(archive: zipfile.ZipFile, one: zipfile.ZipInfo, file: Path, largest: int) -> bytes:
    with archive.open(one) as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise ModelError(
            "The model {file} is larger than {limit} MB, which is refused.",
            file=file,
            limit=largest // _MEGABYTE,
        )
    return data


def _labels_beside(file: Path) -> bytes | None:
    """The file of labels in the same folder, where there is just one."""
    found = sorted(file.parent.glob(_LABELS))
    return read_bytes(found[0], largest=_LONGEST_LABELS) if len(found) == 1 else None


def _is_a_program(entry: ReadyModel, file: Path) -> ModelError:
    if not entry.export:
        return ModelError(
            "{file} holds weights of PyTorch, which are a program, and programs of others are not run here. Give the "
            "network as ONNX.",
            file=file,
        )
    return ModelError(
        "{file} holds weights of PyTorch, which are a program, and programs of others are not run here. Make an ONNX "
        "file of them with their own tools, and give that: {export}",
        file=file,
        export=entry.export,
    )
