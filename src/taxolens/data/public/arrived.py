"""Files of public sets: fetched or given, and known to be the right ones before anything opens them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import DataError, NetworkError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say, noted
from taxolens.data.public.catalogue import PublicDataset, PublicFile, Role, Variant
from taxolens.storage.atomic import told_as_output, written_whole
from taxolens.storage.download import Remote, download

_SEEN = "arrived.json"
_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder to read a set from.

    Attributes:
        sha256: of a file; None for a folder.
        checked: "published" (its checksum is the published one), "remembered" (the one that arrived before),
            "first" (nothing to compare it with) or "folder".
    """

    path: Path
    sha256: str | None
    checked: str


def fetch_files(
    entry: PublicDataset, variant: Variant, home: Path, *, progress: Progress, say: Say
) -> tuple[Source, ...]:
    """Downloads what is not there yet, and checks it.

    Raises:
        NetworkError: a file did not arrive; the message says how to do without network.
        DataError: something else arrived; it is thrown away.
        OutputError: a file cannot be kept.
    """
    found = []
    for file in variant.files:
        if file.role is Role.INSTEAD:
            continue
        place = home / "downloads" / entry.name / file.name
        what = say("Downloading {name}").format(name=file.name)
        try:
            download(Remote(file.name, file.url, file.bytes), place, what=what, progress=progress)
        except NetworkError as error:
            raise _not_fetched(entry, file, error) from error
        try:
            found.append(_checked(place, file, home))
        except DataError:
            place.unlink(missing_ok=True)
            raise
    return tuple(found)


def given_files(
    entry: PublicDataset, variant: Variant, paths: Sequence[Path], home: Path
) -> tuple[Source, ...]:
    """Local files and folders in the original layout; files must be the published ones.

    Raises:
        DataError: a file is not the published one, or the photos are not among them.
    """
    for path in paths:
        if not path.exists():
            raise DataError("{data} is not there. Check the path.", data=path)
        if not (path.is_dir() or path.is_file()):
            raise DataError("{data} is neither a file nor a folder. Check the path.", data=path)
    return tuple(_given(entry, variant, path, home) for path in paths)


def lacks(variant: Variant, sources: Sequence[Source]) -> tuple[PublicFile, ...]:
    """Files of a version that are neither among the sources nor, perhaps, in one of their folders."""
    if any(source.path.is_dir() for source in sources):
        return ()
    have = {source.path.name for source in sources} | {source.sha256 for source in sources}
    missing = tuple(file for file in variant.files if not {file.name, file.sha256} & have)
    if any(file.role is Role.INSTEAD for file in set(variant.files) - set(missing)):
        return ()
    return tuple(file for file in missing if file.role is not Role.INSTEAD)


def _given(entry: PublicDataset, variant: Variant, path: Path, home: Path) -> Source:
    if path.is_dir():
        return Source(path, None, "folder")
    digests = _digests(path)
    for one in (variant, *entry.variants):
        if digests[0] in {file.sha256 for file in one.files}:
            if one is not variant:
                raise DataError(
                    "{file} is the version {variant} of {name}. Add --variant {variant}.",
                    file=path,
                    variant=one.name,
                    name=entry.title,
                )
            return Source(path, digests[0], "published")
    named = next((file for file in variant.files if file.name == path.name), None)
    if named is None:
        raise DataError(
            "{file} is not a file of {name}, which is published as {names}. Name the original file, or a folder "
            "that it was unpacked to.",
            file=path,
            name=entry.title,
            names=", ".join(file.name for file in variant.files),
        )
    return _compared(path, named, digests, home)


def _checked(path: Path, file: PublicFile, home: Path) -> Source:
    return _compared(path, file, _digests(path), home)


def _compared(path: Path, file: PublicFile, digests: tuple[str, str], home: Path) -> Source:
    """What arrived against what is published, else against what arrived before."""
    sha256, md5 = digests
    published = file.sha256 or file.md5
    if published:
        if (file.sha256 or sha256, file.md5 or md5) != digests:
            raise _another(path, file, sha256 if file.sha256 else md5, published)
        return Source(path, sha256, "published")
    if file.bytes is not None and path.stat().st_size != file.bytes:
        raise _another(path, file, f"{path.stat().st_size} bytes", f"{file.bytes} bytes")
    seen = _seen(home)
    before = seen.get(file.url)
    if before is not None and before != sha256:
        raise _another(path, file, sha256, before)
    if before is None:
        _remember({**seen, file.url: sha256}, home)
    return Source(path, sha256, "remembered" if before else "first")


def _digests(path: Path) -> tuple[str, str]:
    """SHA-256 and MD5, hexadecimal; the second because some authors publish nothing else."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha256.update(chunk)
                md5.update(chunk)
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=path, why=error.strerror or error) from error
    return sha256.hexdigest(), md5.hexdigest()


def _seen(home: Path) -> dict[str, str]:
    try:
        values = json.loads((home / _SEEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(url): str(sha256) for url, sha256 in values.items()} if isinstance(values, dict) else {}


def _remember(seen: dict[str, str], home: Path) -> None:
    with told_as_output(home):
        home.mkdir(parents=True, exist_ok=True)
    with written_whole(home / _SEEN) as file:
        file.write(json.dumps(seen, indent=2, sort_keys=True).encode("ascii"))


def _another(path: Path, file: PublicFile, found: str, expected: str) -> DataError:
    return DataError(
        "{path} is not the file that {url} is known for: its checksum or size is {found}, not {expected}. Get it "
        "again, or unpack a file that you trust and name the folder with --from.",
        path=path,
        url=file.url,
        found=found,
        expected=expected,
    )


def _not_fetched(entry: PublicDataset, file: PublicFile, error: NetworkError) -> NetworkError:
    template = noted(
        "{file} could not be downloaded ({why}). Run the same command again to go on, or get {url} on a machine "
        "with network, then run: taxolens datasets get {name} --from {file} --out DIR"
    )
    return NetworkError(
        template, file=file.name, why=error.fields.get("why", error), url=file.url, name=entry.name
    )
